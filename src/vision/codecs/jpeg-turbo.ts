/**
 * libjpeg-turbo in WebAssembly, or as a native library: the same library as Pillow's, so the same bytes.
 *
 * The package's own loader is not used. It asks for RGBA only, which fails for CMYK and costs a repacking;
 * it takes the warnings that libjpeg recovers from for errors; and it never gives back the memory of a failed
 * decode. What is used is its WebAssembly file, through TurboJPEG's C API.
 *
 * @see https://libjpeg-turbo.org/Documentation/Documentation (TurboJPEG 2.x, tjDecompress2)
 */
import { jpegTurbo, nativeJpegTurbo } from '#platform'

import type { NativeJpegTurbo } from '../../platform/platform.ts'
import type { JpegHeader } from './jpeg-header.ts'

interface TurboExports {
  readonly memory: WebAssembly.Memory
  malloc(size: number): number
  free(pointer: number): void
  tjInitDecompress(): number
  tjDestroy(handle: number): number
  tjDecompress2(
    handle: number,
    source: number,
    sourceSize: number,
    target: number,
    width: number,
    pitch: number,
    height: number,
    pixelFormat: number,
    flags: number,
  ): number
}

const rgbFormat = 0
const cmykFormat = 11
/** TJFLAG_LIMITSCANS: a progressive file of thousands of scans would keep the decoder busy for hours. */
const limitScans = 32768
/** WebAssembly memory never shrinks: after a huge picture, start with a fresh instance. */
const keptMemory = 256 * 2 ** 20

let native: NativeJpegTurbo | undefined
let whyNotNative: Error | undefined
let module: WebAssembly.Module | undefined
let turbo: TurboExports | undefined
let whyNot: Error | undefined

/**
 * What kept a decoder from being loaded, once {@link hasJpegTurbo} or {@link hasNativeJpegTurbo} has answered no; `undefined` if
 * it takes {@link loadJpegTurbo} first.
 */
export function whyNoJpegTurbo(codec: 'wasm' | 'native'): Error | undefined {
  return codec === 'wasm' ? whyNot : whyNotNative
}

/** Whether the native library is there: only where its package is installed. */
export function hasNativeJpegTurbo(): boolean {
  if (native === undefined && whyNotNative === undefined) {
    try {
      native = nativeJpegTurbo()
    } catch (error) {
      whyNotNative = errorOf(error)
    }
  }
  return native !== undefined
}

/**
 * Whether the decoder is there: not where WebAssembly is missing or forbidden (a page's CSP), and in a page not before
 * {@link loadJpegTurbo}.
 */
export function hasJpegTurbo(): boolean {
  if (module === undefined && whyNot === undefined) void loadJpegTurbo()
  return module !== undefined
}

/** Loads the decoder: in Node at once, in a page before the promise is kept. It never rejects; a failure is tried again. */
export function loadJpegTurbo(): Promise<void> | undefined {
  if (module !== undefined) return undefined
  const keep = (error: unknown) => {
    whyNot = errorOf(error)
  }
  try {
    const loaded = jpegTurbo()
    if (loaded instanceof Promise) return loaded.then(setModule, keep)
    setModule(loaded)
  } catch (error) {
    keep(error)
  }
  return undefined
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

function setModule(loaded: WebAssembly.Module): void {
  module = loaded
  whyNot = undefined
}

/** Pixels as libjpeg gives them: 3 bytes RGB, or for 4 components 4 bytes CMYK. */
export interface TurboResult {
  readonly pixels: Uint8Array<ArrayBuffer>
  /** Whether libjpeg warned: it had to make up for data that are corrupt or missing. */
  readonly hasWarnings: boolean
}

/** As {@link decodeWithTurbo}, about twice as fast. */
export function decodeWithNative(bytes: Uint8Array, { width, height, components }: JpegHeader): TurboResult {
  const [bytesPerPixel, format] = pixelFormat(components)
  const pixels = new Uint8Array(width * height * bytesPerPixel)
  return { pixels, hasWarnings: native!.decompress(bytes, pixels, width, height, format, limitScans) }
}

/** Decodes a whole JPEG file; throws what libjpeg or the WebAssembly throws, with no message of use. */
export function decodeWithTurbo(bytes: Uint8Array, { width, height, components }: JpegHeader): TurboResult {
  turbo ??= instantiate()
  const [bytesPerPixel, format] = pixelFormat(components)
  try {
    const source = allocate(turbo, bytes.length)
    const target = allocate(turbo, width * height * bytesPerPixel)
    const handle = turbo.tjInitDecompress()
    new Uint8Array(turbo.memory.buffer).set(bytes, source)
    const status = turbo.tjDecompress2(
      handle,
      source,
      bytes.length,
      target,
      width,
      width * bytesPerPixel,
      height,
      format,
      limitScans,
    )
    const pixels = new Uint8Array(turbo.memory.buffer, target, width * height * bytesPerPixel).slice()
    turbo.tjDestroy(handle)
    turbo.free(target)
    turbo.free(source)
    if (turbo.memory.buffer.byteLength > keptMemory) turbo = undefined
    return { pixels, hasWarnings: status !== 0 }
  } catch (error) {
    // An error leaves libjpeg in the middle of things, as there is no longjmp: drop its memory altogether.
    turbo = undefined
    throw error
  }
}

function pixelFormat(components: number): readonly [bytesPerPixel: number, format: number] {
  return components === 4 ? [4, cmykFormat] : [3, rgbFormat]
}

function allocate(turbo: TurboExports, size: number): number {
  const pointer = turbo.malloc(size)
  // As the unsigned number it is: memory may reach beyond 2 GiB.
  if (pointer === 0) throw new RangeError(`no memory for ${size} bytes`)
  return pointer >>> 0
}

function instantiate(): TurboExports {
  const refuse = (name: string) => () => {
    throw new Error(`libjpeg-turbo called ${name}`)
  }
  const none = () => 0
  const instance = new WebAssembly.Instance(module!, {
    // libjpeg leaves by longjmp on every error that it can't recover from.
    env: { setjmp: none, longjmp: refuse('longjmp') },
    wasi_snapshot_preview1: {
      environ_sizes_get: none,
      environ_get: none,
      fd_close: none,
      fd_seek: none,
      fd_write: none,
      proc_exit: refuse('exit'),
    },
  })
  return instance.exports as unknown as TurboExports
}
