/**
 * What the library asks of the world it runs in. `node.ts` and `web.ts` each export these functions by
 * name; `import … from '#platform'` gets the one that fits (package.json, "imports"). Nothing else in
 * `src/` may name a Node module, a browser global or an ONNX Runtime package.
 */
import type { decode } from 'jpeg-js'

import type { Backend } from '../runtime/backend.ts'
import type { EngineOptions } from '../runtime/engine.ts'
import type { WorkerLink } from '../runtime/engine-rpc.ts'
import type { Runtime } from '../runtime/package-backend.ts'
import type { Device } from '../runtime/providers.ts'
import type { DownloadCache } from './download-cache.ts'
import type { MountedFile } from './mounts.ts'
import type { SamplePool } from './sample-pool.ts'

/** What a folder holds. */
export interface DirectoryEntry {
  readonly name: string
  readonly isDirectory: boolean
}

/** What tells whether a file has changed. */
export interface FileStamp {
  /** When it was last written, in ms since 1970. */
  readonly mtimeMs: number
  /** In bytes. */
  readonly size: number
}

/** jpeg-js' decoder. */
export type JpegJs = typeof decode

/** libjpeg-turbo as a native library. */
export interface NativeJpegTurbo {
  /**
   * `tjDecompress2`: fills `target` with `height` rows of `width` pixels. True if libjpeg warned; throws an `Error` with
   * its message if it gave up.
   */
  decompress(
    source: Uint8Array,
    target: Uint8Array,
    width: number,
    height: number,
    pixelFormat: number,
    flags: number,
  ): boolean
}

/** A picture as a browser gives it. */
export interface BrowserPicture {
  readonly width: number
  readonly height: number
  /** Red, green, blue, alpha; absent if the picture is larger than was allowed. */
  readonly rgba: Uint8ClampedArray<ArrayBuffer> | undefined
}

/** Pixels as a canvas has them: red, green, blue, alpha. */
export interface DrawnPixels {
  readonly data: Uint8ClampedArray
  readonly width: number
  readonly height: number
}

/** A bar that fills up, redrawn in one line of a terminal. */
export interface ProgressBar {
  /** Shows it empty, in place of the one before. */
  start(total: number, label: string): void
  /** Fills it up to `value` of the total, with a few words behind it. */
  update(value: number, detail: string): void
  /** Takes it away. May be called again. */
  stop(): void
}

/** What drives WebGPU. */
export interface WebgpuAdapter {
  /** Vendor and architecture, as far as they are told. */
  readonly description: string
  /** Whether it computes on the processor instead of a graphics card. */
  readonly isSoftware: boolean
}

/** The names exported by each platform module. */
export interface Platform {
  /** Reads a whole file. Throws `FileSystemError` naming the path and the remedy. */
  readFile(path: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>
  /**
   * Reads a whole file, blocking the thread: for files that are small, it is several times as fast as waiting for it.
   * `undefined` where that can't be done. Throws `FileSystemError`.
   */
  readFileNow(path: string): Uint8Array<ArrayBuffer> | undefined
  /** A file's stamp. Throws `FileSystemError` naming the path and the remedy. */
  fileStamp(path: string): FileStamp | Promise<FileStamp>
  /**
   * Writes beside `path`, syncs, renames: a reader sees the old file or the whole new one. Pieces are written one after
   * the other: each may use the memory of the one before.
   */
  writeFile(path: string, bytes: Uint8Array | string | AsyncIterable<Uint8Array>): Promise<void>
  /** Removes a file; one that isn't there is no error. */
  removeFile(path: string): Promise<void>
  /** Removes a file, or a folder and all in it; what isn't there is no error. */
  removeStored(path: string): Promise<void>
  /**
   * Takes a folder for one run, until what is returned is called, where another run could write to it without its user's knowing:
   * throws `ArgumentError` then.
   */
  claimFolder(path: string): Promise<() => void>
  /** Makes a folder and those above it; one that is there is no error. */
  makeDirectory(path: string): Promise<void>
  /** Entries of a folder, sorted by name in code-point order. Throws `FileSystemError`. */
  listDirectory(path: string): Promise<DirectoryEntry[]>
  /** The folder that downloads are kept in: the one given, the environment's or the user's. Throws `FileSystemError`. */
  openDownloadCache(directory?: string): Promise<DownloadCache>
  /** What may be missing in the environment where a download failed, as a sentence; or nothing. */
  networkAdvice(url: string): string
  /** What to do where a download failed for good; `path` is where it would be. */
  downloadRemedy(path: string): string
  /** Whether a URL is another server's than the page's. Never in Node. */
  isCrossOrigin(url: string): boolean
  /** Why a page may not have a file, however often it asks, and what to do; `undefined` where nothing forbids it, as in Node. */
  whyRefused(url: string): Promise<string | undefined>
  /** The CRC-32 of zip, going on from that of the bytes before; `undefined` where only JavaScript has one. */
  readonly nativeCrc32: ((bytes: Uint8Array, previous?: number) => number) | undefined
  /** Gives files paths below a root, which is returned; keys are paths below it. */
  mount(files: ReadonlyMap<string, MountedFile>): string
  /** Lets go of them. */
  unmount(root: string): void
  /** What is mounted at a path, for a loader worker; `undefined` for paths of other kinds. Throws `FileSystemError`. */
  mountedFile(path: string): MountedFile | undefined
  /** Reads it; the path is for messages. Throws `FileSystemError` or `FileFormatError`. */
  readMounted(file: MountedFile, path: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>
  /** Offers a file, by its path, or bytes to the user as a download. Throws `RuntimeError` in Node. */
  offerDownload(what: string | Blob, name: string): Promise<void>
  /** The pixels of what a page can draw: a canvas, bitmap, video or image; `undefined` for others. Throws `ImageError`. */
  drawnPixels(input: object): DrawnPixels | undefined
  /** Joins path segments. */
  joinPath(...segments: string[]): string
  /** The WebAssembly build of libjpeg-turbo, at once where files can be read at once. Throws an error that says what is in the way. */
  jpegTurbo(): WebAssembly.Module | Promise<WebAssembly.Module>
  /** jpeg-js' decoder, at once where files can be read at once. */
  jpegJs(): JpegJs | Promise<JpegJs>
  /** A picture's pixels by the browser's own decoder, alpha blended away. Rejects with what the browser rejects with. */
  decodeByBrowser(bytes: Uint8Array<ArrayBuffer>, maxPixels: number): Promise<BrowserPicture>
  /** The native build of libjpeg-turbo, where it is installed and works; throws an error that says why it isn't. */
  nativeJpegTurbo(): NativeJpegTurbo
  /** Loads the package of ONNX Runtime for a device. Throws `RuntimeError` naming the remedy. */
  loadRuntime(device: Device, options?: { readonly threads?: number | undefined }): Promise<Runtime>
  /** A faster way to ONNX Runtime than its package, where there is one. */
  openNativeBackend(options: EngineOptions): Promise<Backend | undefined>
  /** Starts the worker that hosts the engine. */
  startEngineWorker(): WorkerLink
  /** Devices that can be asked for here, those of other platforms being a mistake. */
  readonly devices: readonly Device[]
  /** What WebGPU would run on; `undefined` where there is none, or that can't be told. */
  webgpuAdapter(): Promise<WebgpuAdapter | undefined>
  /** What holds ONNX Runtime back on a device here, as sentences. */
  runtimeWarnings(device: Device): readonly string[]
  /** Processors that may be used: the default number of threads. */
  processorCount(): number
  /** Says where a page's workers and ONNX Runtime are. Throws `RuntimeError` in Node. */
  setAssetsFolder(folder: string | URL): void
  /** Opens a pool of up to `size` workers that make samples; they start with the first task. */
  openSamplePool(size: number): SamplePool
  /** An SVG document as a PNG file of its own size. */
  rasterizeSvg(svg: string): Promise<Uint8Array<ArrayBuffer>>
  /** Lets the event loop turn once. */
  nextTurn(): Promise<void>
  /** A progress bar, or `undefined` where there is no interactive terminal to draw it on. */
  openProgressBar(): ProgressBar | undefined
}
