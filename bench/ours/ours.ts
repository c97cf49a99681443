/** Ours, as its users have it: the built package, run as plain JavaScript. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import type { Answer } from '../protocol.ts'

const began = performance.now()
await import('onnx-finetune')
const importSeconds = (performance.now() - began) / 1000

// The modules of the cases import the package too: they wait until its own import has been timed.
export const answer: Answer = async (request, settings, timeSteps) => {
  switch (request.case) {
    case 'step':
      return (await import('./step.ts')).step(request, settings, timeSteps)
    case 'load':
      return (await import('./load.ts')).load(request, settings, timeSteps)
    case 'epoch':
      return request.strategy === 'head'
        ? (await import('./head-epoch.ts')).headEpoch(request, settings)
        : (await import('./epoch.ts')).epoch(request, settings)
    case 'start':
      return (await import('./start.ts')).start(request, settings, importSeconds)
    case 'io':
      return (await import('./io.ts')).io(request, settings)
    case 'list':
      return (await import('./list.ts')).list(request)
    case 'longRun':
      return (await import('./long-run.ts')).longRun(request)
    case 'about':
      return {
        versions: { 'onnx-finetune': versionOf('..'), 'onnxruntime-node': versionOf('onnxruntime-node') },
      }
  }
}

function versionOf(name: string): string {
  const path = name === '..' ? '../../../package.json' : `../../../node_modules/${name}/package.json`
  const text = readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
