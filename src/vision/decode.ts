/** From a file's bytes to a picture, the same bytes as Pillow's. */
import { ArgumentError } from '../core/errors.ts'
import { decodeJpeg } from './codecs/jpeg.ts'
import { decodePng } from './codecs/png.ts'
import { cannotDecode, fetchAgain, saveAgain, type DecodeContext, type JpegCodec } from './codecs/problem.ts'
import { sniffFormat } from './codecs/sniff.ts'
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
   * The JPEG decoder. `'wasm'` is libjpeg-turbo in WebAssembly: Pillow's bytes, and about 7 times as fast as `'js'`.
   * `'native'` is the same as a native library, with the same bytes in half the time, on Linux where the optional
   * package `@julusian/jpeg-turbo` is installed. `'js'` is jpeg-js, for where WebAssembly is forbidden: half a level off on average, up to 4 levels, and
   * tens at colour edges where chroma is stored at half size; it refuses some damaged files that libjpeg
   * mends, and CMYK without Adobe's marker. The default, `'auto'`, is the first of `'native'`, `'wasm'` and `'js'` that can be loaded.
   */
  readonly codec?: JpegCodec | undefined
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
  const { source, maxPixels = defaultMaxPixels, codec = 'auto' } = options
  if (!(maxPixels >= 1)) throw new ArgumentError(`maxPixels must be at least 1, not ${maxPixels}`)
  const context = { source, maxPixels, codec }
  if (bytes.length === 0) throw cannotDecode(context, 'the file is empty (0 bytes)', fetchAgain)
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

function unknownFormat(context: DecodeContext, format: string | undefined) {
  switch (format) {
    case undefined:
      return cannotDecode(context, 'it is neither a JPEG nor a PNG file', saveAgain)
    case 'text':
      return cannotDecode(context, 'it is a text file, not a picture', fetchAgain)
    case 'Git LFS pointer':
      return cannotDecode(context, 'it is a Git LFS pointer, not a picture', 'run `git lfs pull`')
    default:
      return cannotDecode(
        context,
        `it is a ${format} file, and only JPEG and PNG can be decoded`,
        'convert it to JPEG or PNG',
      )
  }
}
