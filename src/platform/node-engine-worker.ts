import { parentPort } from 'node:worker_threads'

import { serveEngine } from '../runtime/serve-engine.ts'

// The entry of the worker that hosts the engine.
const port = parentPort
if (port) {
  const serve = serveEngine((message, transfer = []) => {
    port.postMessage(message, transfer)
  })
  port.on('message', (message: unknown) => void serve(message))
}
