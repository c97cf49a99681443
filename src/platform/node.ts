export { mount, mountedFile, readMounted, stampOf, unmount, type MountedFile } from './mounts.ts'
export { offerDownload } from './node-offer.ts'
export { drawnPixels } from './node-pixels.ts'
export { claimFolder } from './node-claims.ts'
export { setAssetsFolder } from './node-assets.ts'
export { fileStamp, readFileNow } from './node-blocking-files.ts'
export { downloadRemedy, networkAdvice, openDownloadCache } from './node-downloads.ts'
export { isCrossOrigin, whyRefused } from './fetch-file.ts'
export {
  joinPath,
  listDirectory,
  makeDirectory,
  readFile,
  removeFile,
  removeStored,
  writeFile,
} from './node-files.ts'
export { nativeCrc32 } from './node-crc32.ts'
export {
  devices,
  loadRuntime,
  processorCount,
  runtimeWarnings,
  startEngineWorker,
  webgpuAdapter,
} from './node-runtime.ts'
export { openNativeBackend } from './node-native-backend.ts'
export { decodeByBrowser, jpegJs, jpegTurbo, nativeJpegTurbo } from './node-jpeg-turbo.ts'
export { rasterizeSvg } from './node-svg.ts'
export { openProgressBar } from './node-progress.ts'
export { nextTurn, openSamplePool } from './node-workers.ts'
