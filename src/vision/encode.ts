/** From a picture to a file's bytes. */
import { zlibSync } from 'fflate'

import { ArgumentError } from '../core/errors.ts'
import { joinBytes } from '../core/join-bytes.ts'
import { writeJpeg } from './codecs/jpeg-write.ts'
import { pngChunk, pngSignature } from './codecs/png-chunks.ts'
import { filterRows } from './codecs/png-filters.ts'
import { contiguous, sizeOfPicture, type Picture } from './picture.ts'

const greyType = 0
const rgbType = 2

/**
 * A picture as a baseline JPEG file, made by jpeg-js (full chroma resolution; grey is written as RGB).
 *
 * @param quality - 1 (small) to 100 (faithful); the default is 75, as Pillow's.
 * @throws {@link ArgumentError} if `quality` is outside of that.
 */
export function encodeJpeg(source: Picture, quality = 75): Uint8Array<ArrayBuffer> {
  if (!(quality >= 1 && quality <= 100)) {
    throw new ArgumentError(`a JPEG's quality is 1 to 100, not ${quality}`)
  }
  const [height, width] = sizeOfPicture(source)
  return writeJpeg(toRgba(source), width, height, quality)
}

/** A picture as a PNG file, without loss: 8-bit grey for 1 channel, 8-bit RGB for 3. */
export function encodePng(source: Picture): Uint8Array<ArrayBuffer> {
  const [height, width, channels] = sizeOfPicture(source)
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  header.set([8, channels === 1 ? greyType : rgbType], 8)
  const rows = filterRows(contiguous(source), height, width * channels, channels)
  return joinBytes([
    pngSignature,
    pngChunk('IHDR', header),
    pngChunk('IDAT', zlibSync(rows, { level: 4 })),
    pngChunk('IEND', new Uint8Array()),
  ])
}

/** What jpeg-js takes. */
function toRgba(source: Picture): Uint8Array<ArrayBuffer> {
  const [height, width, channels] = sizeOfPicture(source)
  const pixels = contiguous(source)
  const rgba = new Uint8Array(height * width * 4).fill(255)
  const step = channels === 3 ? 1 : 0
  for (let from = 0, to = 0; to < rgba.length; from += channels, to += 4) {
    rgba[to] = pixels[from]!
    rgba[to + 1] = pixels[from + step]!
    rgba[to + 2] = pixels[from + 2 * step]!
  }
  return rgba
}
