import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

import { RuntimeError } from '../core/errors.ts'
import type { WorkerLink } from '../runtime/engine-rpc.ts'
import type { Runtime } from '../runtime/package-backend.ts'
import { workerEntry } from './node-worker-entry.ts'

/** Loads ONNX Runtime on first use. Throws {@link RuntimeError} with the install line if it isn't there. */
export async function loadRuntime(name: 'onnxruntime-node' | 'onnxruntime-web'): Promise<Runtime> {
  try {
    return name === 'onnxruntime-node' ? await import('onnxruntime-node') : await import('onnxruntime-web')
  } catch (cause) {
    throw new RuntimeError(`${name} can't be loaded: install it with "npm install ${name}"`, { cause })
  }
}

/** Starts the worker that hosts the engine. */
export function startEngineWorker(): WorkerLink {
  const { path, execArgv } = workerEntry('platform/node-engine-worker')
  const worker = new Worker(path, execArgv ? { execArgv: [...execArgv] } : {})
  let reason = 'it exited'
  worker.on('error', (error) => {
    reason = error instanceof Error ? error.message : String(error)
  })
  return {
    post: (message, transfer = []) => {
      worker.postMessage(message, transfer)
    },
    onMessage: (listener) => worker.on('message', listener),
    onExit: (listener) =>
      worker.once('exit', (code) => {
        listener(`${reason}, code ${code}`)
      }),
    hold: (isHeld) => {
      if (isHeld) worker.ref()
      else worker.unref()
    },
    terminate: async () => {
      await worker.terminate()
    },
  }
}

/** Processors that this process may use. */
export function processorCount(): number {
  return availableParallelism()
}
