import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

import { RuntimeError } from '../core/errors.ts'
import type { WorkerLink } from '../runtime/engine-rpc.ts'
import type { Runtime } from '../runtime/package-backend.ts'
import type { Device } from '../runtime/providers.ts'
import { workerEntry } from './node-worker-entry.ts'
import type { WebgpuAdapter } from './platform.ts'

/** Loads ONNX Runtime on first use. Throws {@link RuntimeError} with the install line if it isn't there. */
export async function loadRuntime(
  device: Device,
  { threads }: { readonly threads?: number | undefined } = {},
): Promise<Runtime> {
  const name = device === 'wasm' ? 'onnxruntime-web' : 'onnxruntime-node'
  try {
    if (name === 'onnxruntime-node') return await import('onnxruntime-node')
    const runtime = await import('onnxruntime-web')
    // A session's own number of threads has no meaning there.
    if (threads !== undefined) runtime.env.wasm.numThreads = threads
    return runtime
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

/** Devices that can be asked for: what of them is there shows when they are used. */
export const devices: readonly Device[] = ['cpu', 'cuda', 'webgpu', 'wasm']

/** Only ONNX Runtime knows, and not before it makes a session. */
export function webgpuAdapter(): Promise<WebgpuAdapter | undefined> {
  return Promise.resolve(undefined)
}

/** What holds ONNX Runtime back, as sentences: nothing. */
export const runtimeWarnings: (device: Device) => string[] = () => []

/** Processors that this process may use. */
export function processorCount(): number {
  return availableParallelism()
}
