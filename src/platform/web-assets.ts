/**
 * The files that can't be in a bundle: workers, and ONNX Runtime's WebAssembly. Vite and webpack see
 * `new URL(…, import.meta.url)` and copy the file. esbuild and Rollup leave it as it is, and so does a page without any: there the
 * files are looked for beside the bundle, where `npx onnx-finetune web-assets DIR` puts them.
 */

/** The files of a build of ONNX Runtime. */
export interface OrtFiles {
  /** Its JavaScript interface, from this package: the one that fits. */
  readonly js: string
  /** What loads the WebAssembly, in its own threads too. */
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

/** Not before it is asked for: a bundle that is no module has no `import.meta.url`, and can name a folder instead. */
const besideThis = (): Assets => ({
  engineWorker: new URL('./engine-worker.js', import.meta.url).href,
  loaderWorker: new URL('./loader-worker.js', import.meta.url).href,
  wasm: {
    js: new URL('./ort-wasm.js', import.meta.url).href,
    mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.mjs', import.meta.url).href,
    wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.wasm', import.meta.url).href,
  },
  webgpu: {
    js: new URL('./ort-webgpu.js', import.meta.url).href,
    mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs', import.meta.url).href,
    wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url).href,
  },
})

let current: Assets | undefined

/** Where the files are. */
export function assets(): Assets {
  return (current ??= besideThis())
}

/** Tells a worker what the page knows: a worker's own address says nothing about where a bundler put the others. */
export function setAssets(known: Assets): void {
  current = known
}

/** Looks for all files in one folder, as `npx onnx-finetune web-assets DIR` fills it. */
export function setAssetsFolder(folder: string | URL): void {
  const base = new URL(folder, globalThis.document.baseURI).href.replace(/\/?$/, '/')
  const at = (name: string) => new URL(name, base).href
  const ort = (name: string, build: string): OrtFiles => ({
    js: at(name),
    mjs: at(`onnxruntime-web/${build}.mjs`),
    wasm: at(`onnxruntime-web/${build}.wasm`),
  })
  current = {
    engineWorker: at('engine-worker.js'),
    loaderWorker: at('loader-worker.js'),
    wasm: ort('ort-wasm.js', 'ort-wasm-simd-threaded'),
    webgpu: ort('ort-webgpu.js', 'ort-wasm-simd-threaded.asyncify'),
  }
}
