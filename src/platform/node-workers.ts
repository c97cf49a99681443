import { workerEntry } from './node-worker-entry.ts'
import { createSamplePool, type SamplePool } from './sample-pool.ts'

/** Opens a pool of up to `size` worker threads that make samples; they start with the first task. */
export function openSamplePool(size: number): SamplePool {
  const { path, ...workerThreadOpts } = workerEntry('vision/loader-worker')
  return createSamplePool({ script: path, size, workerThreadOpts })
}

/** Lets the event loop turn once: timers, I/O and messages get their chance. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
