import { fileURLToPath } from 'node:url'

/** How to start a worker thread of this library. */
export interface WorkerEntry {
  /** Absolute path of the entry module. */
  readonly path: string
  /** Node's flags for the thread; absent where it inherits the process's. */
  readonly execArgv?: readonly string[]
}

/**
 * The worker entry `name` (a path from `src/`, without its ending): the built `.js`, which scripts/bundle-node.js puts beside the
 * module that this one is bundled into, or in this repository the `.ts` itself. For that, tsx must be registered anew in the thread: on Node 20 a loader that came with
 * `--import` serves the main thread only. The process's flags can't be passed on: `Worker` refuses V8's.
 */
export function workerEntry(name: string): WorkerEntry {
  const isSource = import.meta.url.endsWith('.ts')
  const file = isSource ? `../${name}.ts` : `./${name.split('/').at(-1)}.js`
  const path = fileURLToPath(new URL(file, import.meta.url))
  if (!isSource) return { path }
  const register = new URL('../../scripts/register-tsx.js', import.meta.url)
  return { path, execArgv: ['--conditions=onnx-finetune-source', '--import', register.href] }
}
