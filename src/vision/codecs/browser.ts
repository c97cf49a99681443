/** Pictures by the browser's own decoder: more formats, and for JPEG other pixels than Pillow's. */
import { decodeByBrowser } from '#platform'

import { RuntimeError } from '../../core/errors.ts'
import { picture, type Picture } from '../picture.ts'
import { withoutExif } from './jpeg-header.ts'
import { cannotDecode, checkSize, saveAgain, type DecodeContext } from './problem.ts'
import { unknownFormat } from './unknown-format.ts'

/** What browsers may be expected to decode. */
const browserFormats: ReadonlySet<string | undefined> = new Set(['JPEG', 'WebP', 'GIF', 'AVIF', 'BMP'])

/** Decodes a file of a format that the browser knows to a packed RGB picture. */
export async function decodeWithBrowser(
  bytes: Uint8Array,
  format: string | undefined,
  context: DecodeContext,
): Promise<Picture> {
  let decoded
  try {
    const file = format === 'JPEG' ? withoutExif(bytes) : Uint8Array.from(bytes)
    decoded = await decodeByBrowser(file, context.maxPixels)
  } catch (error) {
    if (error instanceof RuntimeError) throw error
    if (!browserFormats.has(format)) throw unknownFormat(context, format)
    throw cannotDecode(
      context,
      `it is a ${format} file, and it is corrupt or this browser can't decode it`,
      saveAgain,
      error,
    )
  }
  const { width, height, rgba } = decoded
  checkSize(context, width, height)
  return picture(height, width, 3, withoutAlpha(rgba!))
}

function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array((rgba.length / 4) * 3)
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from]!
    rgb[to + 1] = rgba[from + 1]!
    rgb[to + 2] = rgba[from + 2]!
  }
  return rgb
}
