import { RuntimeError } from '../core/errors.ts'

/** Node finds its workers and ONNX Runtime by itself: always throws. */
export function setAssetsFolder(folder: string | URL): void {
  throw new RuntimeError(
    `setAssetsFolder(${String(folder)}) is for pages: Node finds its own files, so leave it out here`,
  )
}
