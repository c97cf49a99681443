/**
 * PNG to RGB, as `Image.open(file).convert('RGB')`: alpha and transparent colours are dropped, not blended; 16 bits become
 * 8 in Pillow's way. On fflate, the same in Node and in a page.
 *
 * @see https://www.w3.org/TR/png-3/
 */
import { picture, type Picture } from '../picture.ts'
import { inflate } from './inflate.ts'
import { readPngChunks, type PngHeader, type PngParts } from './png-chunks.ts'
import { unfilterRows } from './png-filters.ts'
import { paletteOf, rowWriter } from './png-samples.ts'
import { cannotDecode, checkSize, fetchAgain, saveAgain, type DecodeContext } from './problem.ts'

/** A picture, or one of the seven that an interlaced picture is stored as. */
interface Pass {
  readonly x: number
  readonly y: number
  readonly dx: number
  readonly dy: number
}

const whole: readonly Pass[] = [{ x: 0, y: 0, dx: 1, dy: 1 }]
const adam7: readonly Pass[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
]

/** Decodes a PNG file to a packed RGB picture. */
export function decodePng(bytes: Uint8Array, context: DecodeContext): Picture {
  const parts = readPngChunks(bytes)
  if (parts === 'truncated') throw cannotDecode(context, 'the file is truncated', fetchAgain)
  if (parts === 'malformed') throw cannotDecode(context, 'its PNG chunks are malformed', saveAgain)
  if (parts === 'damaged') throw cannotDecode(context, 'its data are corrupt: a checksum differs', fetchAgain)
  const { width, height } = parts.header
  checkSize(context, width, height)
  const rgb = assemble(parts, context)
  return picture(height, width, 3, rgb)
}

function assemble({ header, palette, data }: PngParts, context: DecodeContext): Uint8Array<ArrayBuffer> {
  const passes = (header.isInterlaced ? adam7 : whole)
    .map((pass) => ({ ...pass, ...extent(header, pass) }))
    .filter(({ rows, columns }) => rows > 0 && columns > 0)
  const size = passes.reduce((sum, { rows, rowBytes }) => sum + rows * (rowBytes + 1), 0)
  const raw = inflateRows(data, size, context)
  const rgb = new Uint8Array(header.width * header.height * 3)
  const write = rowWriter(header, paletteOf(palette))
  const pixelBytes = Math.max((header.channels * header.depth) / 8, 1)
  let start = 0
  for (const { x, y, dx, dy, rows, columns, rowBytes } of passes) {
    if (!unfilterRows(raw, start, rows, rowBytes, pixelBytes)) throw corrupt(context)
    for (let row = 0; row < rows; row++) {
      const from = start + row * (rowBytes + 1) + 1
      const to = ((y + row * dy) * header.width + x) * 3
      write(raw.subarray(from, from + rowBytes), rgb, to, columns, 3 * dx)
    }
    start += rows * (rowBytes + 1)
  }
  return rgb
}

function extent({ width, height, channels, depth }: PngHeader, { x, y, dx, dy }: Pass) {
  const columns = Math.ceil((width - x) / dx)
  return {
    rows: Math.ceil((height - y) / dy),
    columns,
    rowBytes: Math.ceil((columns * channels * depth) / 8),
  }
}

function inflateRows(data: readonly Uint8Array[], size: number, context: DecodeContext): Uint8Array {
  let filled
  const raw = new Uint8Array(size)
  try {
    filled = inflate(data, raw)
  } catch (error) {
    throw corrupt(context, error)
  }
  if (filled === size) return raw
  throw cannotDecode(context, 'its data are cut short', fetchAgain)
}

function corrupt(context: DecodeContext, cause?: unknown) {
  return cannotDecode(context, 'its data are corrupt or cut short', saveAgain, cause)
}
