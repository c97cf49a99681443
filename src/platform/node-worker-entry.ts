import { fileURLToPath } from 'node:url'

/** How to start a worker thread of this library. */
export interface WorkerEntry {
  /** Absolute path of the entry module. */
  readonly path: string
  /** Node's flags for the thread. */
  readonly execArgv: string[]
}

/**
 * The worker entry `name` (a path from `src/`, without its ending): the built `.js`, or in this repository
 * the `.ts` itself. For that, tsx must be registered anew in the thread: on Node 20 a loader that came with
 * `--import` serves the main thread only.
 */
export function workerEntry(name: string): WorkerEntry {
  const isSource = import.meta.url.endsWith('.ts')
  const entry = new URL(`../${name}.${isSource ? 'ts' : 'js'}`, import.meta.url)
  const register = new URL('../../scripts/register-tsx.js', import.meta.url)
  return {
    path: fileURLToPath(entry),
    execArgv: isSource ? [...process.execArgv, '--import', register.href] : process.execArgv,
  }
}
