import { RuntimeError } from '../core/errors.ts'
import type { Runtime } from '../runtime/package-backend.ts'
import { assets, type OrtFiles } from './web-assets.ts'
import { explainFailure, whyNotLoaded } from './web-explain.ts'

/** A page's native library: there is none. */
export function openNativeBackend(): Promise<undefined> {
  return Promise.resolve(undefined)
}

/**
 * Loads ONNX Runtime on first use; its `.wasm` file comes when the first session is made. Throws {@link RuntimeError} for
 * a device that pages don't have.
 */
export async function loadRuntime(
  device: string,
  { threads }: { readonly threads?: number | undefined } = {},
): Promise<Runtime> {
  if (device !== 'wasm' && device !== 'webgpu') {
    throw new RuntimeError(`a page has no device ${device}: use auto, webgpu or wasm`)
  }
  const files = assets()[device]
  const runtime = await importRuntime(files)
  runtime.env.wasm.wasmPaths = { mjs: files.mjs, wasm: files.wasm }
  runtime.env.wasm.numThreads = globalThis.crossOriginIsolated ? (threads ?? processorCount()) : 1
  return { ...runtime, InferenceSession: explained(runtime, [files.mjs, files.wasm]) }
}

/** By its address, so that no bundler takes ONNX Runtime apart. The build without WebGPU is half as large. */
async function importRuntime({ js }: OrtFiles): Promise<Runtime> {
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ js)) as Runtime
  } catch (cause) {
    throw new RuntimeError((await whyNotLoaded(js)) ?? `${js} can't be run`, { cause })
  }
}

/** ONNX Runtime fetches its files when the first session is made, and says little when it can't. */
function explained({ InferenceSession }: Runtime, urls: readonly string[]): Runtime['InferenceSession'] {
  const create = async (...args: Parameters<typeof InferenceSession.create>) => {
    try {
      return await InferenceSession.create(...args)
    } catch (cause) {
      const reason = await explainFailure(cause, urls)
      throw reason === undefined ? cause : new RuntimeError(reason, { cause })
    }
  }
  return { create: create as typeof InferenceSession.create }
}

/** What holds ONNX Runtime back in this page, as sentences. */
export function runtimeWarnings(device: string): string[] {
  if (device !== 'wasm' || globalThis.crossOriginIsolated) return []
  return [
    'ONNX Runtime runs on one thread, since this page is not cross-origin isolated: serve it with the headers ' +
      '"Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp"',
  ]
}

/** Processors that this page may use. */
export function processorCount(): number {
  return globalThis.navigator.hardwareConcurrency
}
