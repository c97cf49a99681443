/** Hands pictures to `picture-worker.ts`, a few at a time. */
import type { CheckRequest, CheckResult } from './picture-worker.ts'
import { workerProblem } from './worker-problem.ts'

let worker: Worker | undefined
let nextId = 0
const waiting = new Map<number, { resolve: (result: CheckResult) => void; reject: (error: Error) => void }>()

/** Looks at one file. Rejects only where the worker can't be started. */
export function checkPicture(file: Blob): Promise<CheckResult> {
  worker ??= startWorker()
  const request: CheckRequest = { id: nextId++, file }
  return new Promise((resolve, reject) => {
    waiting.set(request.id, { resolve, reject })
    worker!.postMessage(request)
  })
}

function startWorker(): Worker {
  const started = new Worker(new URL('./picture-worker.ts', import.meta.url), { type: 'module' })
  started.onmessage = ({ data: result }: MessageEvent<CheckResult>) => {
    waiting.get(result.id)?.resolve(result)
    waiting.delete(result.id)
  }
  started.onerror = (event) => {
    event.preventDefault()
    worker = undefined
    const error = new Error(
      `pictures can’t be looked at, since the page’s worker failed: ${workerProblem(event)}`,
    )
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  return started
}
