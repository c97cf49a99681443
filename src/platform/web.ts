import { AbortError, FileSystemError, RuntimeError } from '../core/errors.ts'
import type { DirectoryEntry, FileStamp, NativeJpegTurbo } from './platform.ts'

/** Fetches a whole file; `path` is a URL (`blob:` and `data:` too). Throws `FileSystemError` naming it. */
export async function readFile(path: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await fetch(path, { signal: signal ?? null })
    if (!response.ok) {
      throw new FileSystemError(
        `can't read ${path}: the server answered ${response.status} ${response.statusText}`,
      )
    }
    return new Uint8Array(await response.arrayBuffer())
  } catch (error) {
    if (error instanceof FileSystemError) throw error
    if (signal?.aborted) throw new AbortError(`reading ${path} was aborted`, { cause: signal.reason })
    throw new FileSystemError(`can't read ${path}: check the URL, the network and CORS`, { cause: error })
  }
}

/** A server need not say when a file was changed: always throws. */
export function fileStamp(path: string): FileStamp {
  throw new RuntimeError(`can't tell whether ${path} has changed: a cache of pictures needs a file system`)
}

/** A page can't wait for a server without giving way: `undefined`. */
export function readFileNow(): undefined {
  return undefined
}

/** A browser has no files to write: always throws. */
export function writeFile(path: string): Promise<void> {
  return Promise.reject(
    new RuntimeError(
      `can't write ${path}: a browser page has no file system; offer the bytes as a download instead (a Blob and URL.createObjectURL)`,
    ),
  )
}

/** A browser has no files to remove: always throws. */
export function removeFile(path: string): Promise<void> {
  return Promise.reject(new RuntimeError(`can't remove ${path}: a browser page has no file system`))
}

/** A browser has no folders to make: always throws. */
export function makeDirectory(path: string): Promise<void> {
  return Promise.reject(
    new RuntimeError(
      `can't make the folder ${path}: a browser page has no file system, and so no checkpoints yet; leave \`checkpoint\` out`,
    ),
  )
}

/** A browser has no folders to list: always throws. */
export function listDirectory(path: string): Promise<DirectoryEntry[]> {
  return Promise.reject(
    new RuntimeError(
      `can't list ${path}: a browser page has no file system; make a Dataset of your own from an <input type="file" webkitdirectory> or from a list of URLs`,
    ),
  )
}

/** Joins URL or path segments by one slash each. */
export function joinPath(...segments: string[]): string {
  return segments
    .map((segment, index) => (index === 0 ? segment : segment.replace(/^\/+/, '')))
    .map((segment, index) => (index === segments.length - 1 ? segment : segment.replace(/\/+$/, '')))
    .join('/')
}

/** A page can't load a native library: always throws. */
export function nativeJpegTurbo(): NativeJpegTurbo {
  throw new RuntimeError('a browser page has no native JPEG decoder')
}

export { decodeByBrowser } from './web-decode.ts'
export { jpegTurbo } from './web-jpeg-turbo.ts'
export { networkAdvice, openDownloadCache } from './web-downloads.ts'
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
