import { setAssetsFolder as setOnPlatform } from '#platform'

/**
 * Says where a page's workers and ONNX Runtime's WebAssembly are: the folder that `npx onnx-finetune web-assets DIR` fills. Vite
 * and webpack find them by themselves; with esbuild, Rollup or no bundler they are looked for beside the bundle unless
 * this was called, before anything else. A folder on another server must allow it by CORS headers.
 *
 * @param folder - A URL, relative to the page.
 * @throws {@link RuntimeError} in Node, which finds its own files.
 *
 * @example
 * ```ts
 * import { setAssetsFolder } from 'onnx-finetune'
 *
 * setAssetsFolder('/static/onnx-finetune/')
 * ```
 */
export function setAssetsFolder(folder: string | URL): void {
  setOnPlatform(folder)
}
