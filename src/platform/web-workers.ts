import { createSamplePool, type SamplePool } from './sample-pool.ts'

/** Opens a pool of up to `size` Web Workers that make samples; they start with the first task. */
export function openSamplePool(size: number): SamplePool {
  const script = new URL('../vision/loader-worker.js', import.meta.url)
  return createSamplePool({ script: script.href, size, workerOpts: { type: 'module' } })
}

/** Lets the event loop turn once; a message, since browsers stretch short timers to 4 ms. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
