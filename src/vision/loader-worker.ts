/**
 * The entry of a loader worker, in Node and in the browser. It lives here because this is where both sides may
 * be known: `src/data/` must not import `src/vision/`, so it names its handlers, and the platform starts this.
 */
import { Transfer, worker } from 'workerpool'

import { buffersOf, runSampleTask, type HandlerTable, type SampleTask } from '../data/sample-task.ts'

const handlers: HandlerTable = {
  image: async () => (await import('./image-job.ts')).loadImageSample,
}

/** What workerpool puts on each of a worker's methods. */
interface Method {
  readonly worker: { addAbortListener(listener: () => Promise<void>): void }
}

let current: { readonly stop: AbortController; readonly done: Promise<unknown> } | undefined
let isListening = false

async function run(this: Method, task: SampleTask): Promise<InstanceType<typeof Transfer>> {
  listen(this)
  const stop = new AbortController()
  const done = runSampleTask(task, handlers, stop.signal)
  current = { stop, done }
  const result = await done
  return new Transfer(result, buffersOf(result))
}

/**
 * A worker whose listener answers a cancellation is kept for the next epoch; one that is stuck is killed.
 * workerpool drops its listeners at each cancellation, and only then: so one at a time, added again.
 */
function listen(method: Method): void {
  if (isListening) return
  isListening = true
  method.worker.addAbortListener(async () => {
    isListening = false
    current?.stop.abort()
    await current?.done
  })
}

// The caller's side gives up first (workerTerminateTimeout), so that it sees the worker's end.
worker({ run }, { abortListenerTimeout: 60_000 })
