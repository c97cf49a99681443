import type { WorkerLink } from '../runtime/engine-rpc.ts'
import { createSamplePool, type SamplePool } from './sample-pool.ts'
import { assets } from './web-assets.ts'
import { blockingDirective, watchPolicy, whyNotLoaded } from './web-explain.ts'

/** Starts the worker that hosts the engine. */
export function startEngineWorker(): WorkerLink {
  const script = assets().engineWorker
  watchPolicy()
  const worker = new Worker(workerUrl(script), { type: 'module', name: 'onnx-finetune engine' })
  worker.postMessage({ assets: assets() })
  return {
    post: (message, transfer = []) => {
      worker.postMessage(message, [...transfer])
    },
    onMessage: (listener) => {
      worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
        listener(data)
      })
    },
    onExit: (listener) => {
      worker.addEventListener('error', (event) => {
        void whyDead(event, script).then(listener)
      })
    },
    // A page lives as long as its tab.
    hold: () => undefined,
    terminate: () => {
      worker.terminate()
      return Promise.resolve()
    },
  }
}

/** Opens a pool of up to `size` Web Workers that make samples; they start with the first task. */
export function openSamplePool(size: number): SamplePool {
  const script = assets().loaderWorker
  watchPolicy()
  return createSamplePool({
    script: workerUrl(script),
    size,
    workerOpts: { type: 'module' },
    explain: (error) => whyDead(error, script),
  })
}

/** A worker's script must be of the page's own origin: one from elsewhere is imported by one that is. */
function workerUrl(script: string): string {
  if (new URL(script).origin === globalThis.location.origin) return script
  const importing = `import ${JSON.stringify(script)}`
  return URL.createObjectURL(new Blob([importing], { type: 'text/javascript' }))
}

/** An error event has a message if the script ran, and nothing at all if it couldn't be loaded. */
async function whyDead(event: unknown, script: string): Promise<string> {
  const { message } = event as Partial<ErrorEvent | Error>
  if (message) return message
  const directive = blockingDirective(script)
  if (directive !== undefined) {
    return `the page's Content-Security-Policy blocks the worker ${script}: allow it by its directive ${directive}, as in "worker-src 'self'"`
  }
  return (await whyNotLoaded(script)) ?? `the worker ${script} can't be started`
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
