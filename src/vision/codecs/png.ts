/**
 * PNG to RGB, as `Image.open(file).convert('RGB')`: alpha and transparent colours are dropped, not blended;
 * 16 bits become 8 in Pillow's way. The file's structure is checked here first: pngjs would blend
 * transparency in, trust any size, and refuse files over chunks that don't matter.
 */
import { PNG } from 'pngjs'

import { picture, type Picture } from '../picture.ts'
import { readPngChunks, type PngHeader, type PngParts } from './png-chunks.ts'
import { cannotDecode, checkSize, fetchAgain, saveAgain, type DecodeContext } from './problem.ts'

/** pngjs gives 16-bit samples as they are when it is told not to rescale; its types don't say so. */
interface RawPng {
  readonly data: Uint8Array | Uint16Array
}

/** Decodes a PNG file to a packed RGB picture. */
export function decodePng(bytes: Uint8Array, context: DecodeContext): Picture {
  const parts = readPngChunks(bytes)
  if (parts === 'truncated') throw cannotDecode(context, 'the file is truncated', fetchAgain)
  if (parts === 'malformed') throw cannotDecode(context, 'its PNG chunks are out of order', saveAgain)
  const { header } = parts
  checkSize(context, header.width, header.height)
  if (parts.compressedSize > 2 * rawSize(header) + 65536) {
    throw cannotDecode(context, 'it holds far more data than its size needs', saveAgain)
  }
  return picture(header.height, header.width, 3, toRgb(readRaw(parts, context), header))
}

/** More than the bytes of all rows, also if interlaced. */
function rawSize({ width, height, depth, channels }: PngHeader): number {
  return Math.ceil((width * channels * depth) / 8 + 8) * (height + 16)
}

function readRaw({ header, normalised }: PngParts, context: DecodeContext): Uint8Array | Uint16Array {
  let raw: RawPng
  try {
    const options = { skipRescale: header.depth === 16 }
    raw = PNG.sync.read(Buffer.from(normalised.buffer), options)
  } catch (error) {
    throw cannotDecode(context, 'its data are corrupt or cut short', saveAgain, error)
  }
  if (raw.data.length === header.width * header.height * 4) return raw.data
  throw cannotDecode(context, 'its data are cut short', fetchAgain)
}

function toRgb(rgba: Uint8Array | Uint16Array, header: PngHeader): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array((rgba.length / 4) * 3)
  const narrow = narrowing(header)
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = narrow(rgba[from]!)
    rgb[to + 1] = narrow(rgba[from + 1]!)
    rgb[to + 2] = narrow(rgba[from + 2]!)
  }
  return rgb
}

/** Pillow keeps 16-bit grey as integers and then clips them at 255; of other 16-bit samples it takes the high byte. */
function narrowing({ depth, colorType }: PngHeader): (sample: number) => number {
  if (depth < 16) return (sample) => sample
  return colorType === 0 ? (sample) => Math.min(sample, 255) : (sample) => sample >> 8
}
