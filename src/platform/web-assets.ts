/**
 * The files that can't be in a bundle: workers, and ONNX Runtime's WebAssembly. Vite and webpack see
 * `new URL(…, import.meta.url)` and copy the file. esbuild and Rollup leave it as it is, and so does a page without any: there the
 * files are looked for beside the bundle, where `npx onnx-finetune web-assets DIR` puts them.
 */

/** ONNX Runtime's two files for a build of it. */
export interface OrtFiles {
  /** Its JavaScript, which its own threads run too. */
  readonly mjs: string
  readonly wasm: string
}

/** Absolute URLs. */
export interface Assets {
  readonly engineWorker: string
  readonly loaderWorker: string
  readonly wasm: OrtFiles
  readonly webgpu: OrtFiles
}

let current: Assets = {
  engineWorker: new URL('./engine-worker.js', import.meta.url).href,
  loaderWorker: new URL('./loader-worker.js', import.meta.url).href,
  wasm: {
    mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.mjs', import.meta.url).href,
    wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.wasm', import.meta.url).href,
  },
  webgpu: {
    mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs', import.meta.url).href,
    wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url).href,
  },
}

/** Where the files are. */
export function assets(): Assets {
  return current
}

/** Tells a worker what the page knows: a worker's own address says nothing about where a bundler put the others. */
export function setAssets(known: Assets): void {
  current = known
}

/** Looks for all files in one folder, as `npx onnx-finetune web-assets DIR` fills it. */
export function setAssetsFolder(folder: string | URL): void {
  const base = new URL(folder, globalThis.document.baseURI).href.replace(/\/?$/, '/')
  const at = (name: string) => new URL(name, base).href
  const ort = (build: string): OrtFiles => ({
    mjs: at(`onnxruntime-web/${build}.mjs`),
    wasm: at(`onnxruntime-web/${build}.wasm`),
  })
  current = {
    engineWorker: at('engine-worker.js'),
    loaderWorker: at('loader-worker.js'),
    wasm: ort('ort-wasm-simd-threaded'),
    webgpu: ort('ort-wasm-simd-threaded.asyncify'),
  }
}
