/** From a file's bytes to a picture, the same bytes as Pillow's. */
import { ArgumentError } from '../core/errors.ts'
import { decodeWithBrowser } from './codecs/browser.ts'
import { decodeJpeg, prepareJpeg } from './codecs/jpeg.ts'
import { decodePng } from './codecs/png.ts'
import { cannotDecode, fetchAgain, type DecodeContext, type JpegCodec } from './codecs/problem.ts'
import { sniffFormat } from './codecs/sniff.ts'
import { unknownFormat } from './codecs/unknown-format.ts'
import type { Picture } from './picture.ts'

/** Options of {@link decodeImage}. */
export interface DecodeOptions {
  /** Path or description of the picture, for messages. */
  readonly source?: string | undefined
  /**
   * Largest width × height, checked in the header before anything is allocated; the default is the size at
   * which Pillow suspects a decompression bomb, 178,956,970.
   */
  readonly maxPixels?: number | undefined
  /**
   * The decoder. `'wasm'` is libjpeg-turbo in WebAssembly: Pillow's bytes, and about 7 times as fast as `'js'`.
   * `'native'` is the same as a native library, with the same bytes in half the time, on Linux where the optional
   * package `@julusian/jpeg-turbo` is installed. The default, `'auto'`, is `'native'` where it is there, else `'wasm'`.
   *
   * `'js'` is jpeg-js, for where WebAssembly is forbidden: half a level off on average, up to 4 levels, and
   * tens at colour edges where chroma is stored at half size; it refuses some damaged files that libjpeg
   * mends, and CMYK without Adobe's marker.
   *
   * `'browser'` is the browser's own, for {@link decodeImageAsync} and `ImageFolder` in a page: it reads WebP, GIF, AVIF and BMP
   * too, and of animations the first frame; transparent pixels come out on black. Chromium's and Firefox's pixels of a JPEG are the same, unless
   * it is CMYK; other browsers' may differ.
   */
  readonly codec?: JpegCodec | 'browser' | undefined
}

/** How the names of files end that can be decoded. */
export function decodableExtensions(codec: DecodeOptions['codec']): readonly string[] {
  const always = ['.jpg', '.jpeg', '.png']
  return codec === 'browser' ? [...always, '.webp', '.gif', '.avif', '.bmp'] : always
}

/** Twice Pillow's `Image.MAX_IMAGE_PIXELS`, where its warning becomes an error. */
export const defaultMaxPixels = 178_956_970

/**
 * Decodes a JPEG or PNG file to RGB, as `PIL.Image.open(file).convert('RGB')` does: an alpha channel is
 * dropped, grey becomes three equal channels, and the EXIF orientation is not applied.
 *
 * @param bytes - The whole file; its format is told by its first bytes, whatever its name.
 * @returns A picture `[height, width, 3]`.
 * @throws {@link ImageError} if the file is truncated, corrupt, too large, or of another format.
 * @throws {@link RuntimeError} if a JPEG's decoder isn't loaded: in a page, use {@link decodeImageAsync}, which loads it.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises'
 * import { decodeImage } from 'onnx-finetune'
 *
 * const source = 'bee.jpg'
 * const picture = decodeImage(await readFile(source), { source })
 * picture.shape    // [height, width, 3]
 * ```
 */
export function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Picture {
  const { codec = 'auto' } = options
  if (codec === 'browser') {
    throw new ArgumentError("codec: 'browser' takes time: use decodeImageAsync or an ImageFolder")
  }
  const context = contextOf(bytes, options, codec)
  const format = sniffFormat(bytes)
  switch (format) {
    case 'JPEG':
      return decodeJpeg(bytes, context)
    case 'PNG':
      return decodePng(bytes, context)
    default:
      throw unknownFormat(context, format)
  }
}

/**
 * As {@link decodeImage}, also in a page, where the decoder of JPEG is loaded with the first one.
 *
 * @throws {@link ImageError} if the file is truncated, corrupt, too large, or of another format.
 * @throws {@link RuntimeError} if the decoder can't be loaded: a page's Content-Security-Policy must allow WebAssembly, by
 * `'wasm-unsafe-eval'` in its directive `script-src`.
 *
 * @example
 * ```ts
 * import { decodeImageAsync } from 'onnx-finetune'
 *
 * const response = await fetch('bee.jpg')
 * const picture = await decodeImageAsync(new Uint8Array(await response.arrayBuffer()))
 * ```
 */
export async function decodeImageAsync(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Picture> {
  const { codec = 'auto' } = options
  const format = sniffFormat(bytes)
  if (codec !== 'browser') {
    if (format === 'JPEG') await prepareJpeg(codec)
    return decodeImage(bytes, options)
  }
  // PNG's pixels don't depend on who decodes them, but for transparent ones.
  const context = contextOf(bytes, options, 'auto')
  return format === 'PNG' ? decodePng(bytes, context) : decodeWithBrowser(bytes, format, context)
}

function contextOf(bytes: Uint8Array, options: DecodeOptions, codec: JpegCodec): DecodeContext {
  const { source, maxPixels = defaultMaxPixels } = options
  if (!(maxPixels >= 1)) throw new ArgumentError(`maxPixels must be at least 1, not ${maxPixels}`)
  const context = { source, maxPixels, codec }
  if (bytes.length === 0) throw cannotDecode(context, 'the file is empty (0 bytes)', fetchAgain)
  return context
}
