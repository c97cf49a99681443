import { RuntimeError } from '../core/errors.ts'
import type { NativeJpegTurbo } from './platform.ts'

/** A page can't load a native library: always throws. */
export function nativeJpegTurbo(): NativeJpegTurbo {
  throw new RuntimeError('a browser page has no native JPEG decoder')
}

export { mount, mountedFile, readMounted, stampOf, unmount, type MountedFile } from './mounts.ts'
export {
  fileStamp,
  listDirectory,
  makeDirectory,
  readFile,
  readFileNow,
  removeFile,
  removeStored,
} from './web-files.ts'
export { claimFolder } from './web-claims.ts'
export { isCrossOrigin, whyRefused } from './fetch-file.ts'
export { joinPath } from './web-paths.ts'
export { writeFile } from './web-write.ts'
export { offerDownload } from './web-offer.ts'
export { drawnPixels } from './web-pixels.ts'
export { decodeByBrowser } from './web-decode.ts'
export { jpegJs, jpegTurbo } from './web-jpeg-turbo.ts'
export { downloadRemedy, networkAdvice, openDownloadCache } from './web-downloads.ts'
export { rasterizeSvg } from './web-svg.ts'
export { setAssetsFolder } from './web-assets.ts'
export { devices, webgpuAdapter } from './web-devices.ts'
export { loadRuntime, openNativeBackend, processorCount, runtimeWarnings } from './web-runtime.ts'
export { nextTurn, openSamplePool, startEngineWorker } from './web-workers.ts'

/** A page has no zlib. */
export const nativeCrc32 = undefined

/** A page has no terminal: progress is written as lines to the console. */
export function openProgressBar(): undefined {
  return undefined
}
