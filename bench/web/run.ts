/**
 * Measures training in Chromium: ResNet-18 at 224 pixels, beside TensorFlow.js and jax-js on the same network, and the
 * package's sizes. Writes a table and JSON to out/bench-web:
 *
 *     npm run bench:web -- [--only ours/wasm,tfjs] [--work frozen] [--batch 4] [--size 224] [--limit 120] [--steps 3]
 *
 * Chromium's WebGPU here may be SwiftShader, which computes on the processor: all contenders on it are equally slow.
 * A run that is limited by its options keeps the other results of the last one.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { serve } from '../../test/web/support/server.ts'
import { describeMachine, machineFacts } from '../machine.ts'
import { measure, type Contender, type Measured } from './measure.ts'
import type { Work } from './protocol.ts'
import { webMarkdown } from './report.ts'
import { buildPages, siteRoots } from './site.ts'
import { librarySizes, pageSizes, type Sizes } from './sizes.ts'

const contenders: readonly Contender[] = [
  { library: 'ours', page: 'ours', backend: 'wasm' },
  { library: 'ours', page: 'ours', backend: 'webgpu' },
  { library: 'TensorFlow.js', page: 'tfjs', backend: 'wasm' },
  { library: 'TensorFlow.js', page: 'tfjs', backend: 'webgl' },
  { library: 'TensorFlow.js', page: 'tfjs', backend: 'webgpu' },
  { library: 'jax-js', page: 'jax', backend: 'wasm' },
  { library: 'jax-js', page: 'jax', backend: 'webgpu' },
]

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    work: { type: 'string', default: 'frozen,finetune' },
    batch: { type: 'string', default: '4,16' },
    size: { type: 'string', default: '224' },
    limit: { type: 'string', default: '120' },
    steps: { type: 'string', default: '3' },
  },
})
const out = fileURLToPath(new URL('../../out/bench-web/', import.meta.url))
const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const only = values.only.split(',').filter(Boolean)
const chosen = contenders.filter(
  ({ page, backend }) => only.length === 0 || only.includes(page) || only.includes(`${page}/${backend}`),
)
if (chosen.length === 0)
  throw new Error(`no contender is called ${only.join(' or ')}: ours/wasm, tfjs, jax/webgpu …`)
if (!existsSync(at('bench/peers/node_modules')))
  throw new Error('install the peers first: npm run bench:peers')

const last = existsSync(`${out}results.json`)
  ? (JSON.parse(readFileSync(`${out}results.json`, 'utf8')) as { results: Measured[] }).results
  : []
const results = new Map(last.map((each) => [keyOf(each), each]))
const sizes: Sizes = {
  ...(await librarySizes(at('dist/web'))),
  ...(await pageSizes(at('examples/web/dist'))),
}
const machine = machineFacts(versions())
console.log(describeMachine(machine))

await buildPages(`${out}site`, [...new Set(chosen.map(({ page }) => page))])
const server = await serve({ roots: siteRoots(`${out}site`) })
try {
  for (const work of values.work.split(',') as Work[]) {
    for (const batch of values.batch.split(',').map(Number)) {
      for (const contender of chosen) {
        const limits = { limit: Number(values.limit), steps: Number(values.steps) }
        const measured = await measure(
          server.url,
          contender,
          { work, batch, size: Number(values.size) },
          limits,
        )
        results.set(keyOf(measured), measured)
        console.log(lineOf(measured))
        save()
      }
    }
  }
} finally {
  await server.close()
}
save()
console.log(`\n${webMarkdown([...results.values()], sizes)}\n\nwritten to ${out}`)

function keyOf({ library, backend, work, batch, size }: Measured): string {
  return `${library} ${backend} ${work} ${batch} ${size}`
}

function lineOf(each: Measured): string {
  const { seconds, first, absent } = each
  const value =
    seconds === undefined ? absent : `${seconds.toFixed(2)} s, the first after ${first!.toFixed(1)} s`
  return `${keyOf(each).padEnd(36)} ${value ?? ''}`
}

function versions(): Record<string, string> {
  const version = (folder: string) =>
    (JSON.parse(readFileSync(at(`${folder}/package.json`), 'utf8')) as { version: string }).version
  return {
    'onnxruntime-web': version('node_modules/onnxruntime-web'),
    '@tensorflow/tfjs': version('bench/peers/node_modules/@tensorflow/tfjs'),
    '@jax-js/jax': version('bench/peers/node_modules/@jax-js/jax'),
  }
}

/** After each step, so that a run that is stopped leaves what it has measured. */
function save(): void {
  mkdirSync(out, { recursive: true })
  const all = [...results.values()]
  writeFileSync(`${out}results.json`, `${JSON.stringify({ machine, results: all, sizes }, null, 2)}\n`)
  writeFileSync(`${out}results.md`, `${describeMachine(machine)}\n\n${webMarkdown(all, sizes)}\n`)
}
