import { RuntimeError } from '../core/errors.ts'

/** Node finds its workers and ONNX Runtime by itself: always throws. */
export function setAssetsFolder(): never {
  throw new RuntimeError('setAssetsFolder is for pages: Node finds its own files, leave it out here')
}
