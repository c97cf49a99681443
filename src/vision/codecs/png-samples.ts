/** From a PNG's samples of 1 to 16 bits, grey, coloured or indices into a palette, to 8-bit RGB. */
import type { PngHeader } from './png-chunks.ts'

/** Writes a row's pixels to `rgb`, the first one at `to`, each next `step` bytes on. */
export type RowWriter = (row: Uint8Array, rgb: Uint8Array, to: number, columns: number, step: number) => void

const greyType = 0
const paletteType = 3

/** 256 entries: Pillow shows an index beyond the palette as that level of grey. */
export function paletteOf(entries: Uint8Array | undefined): Uint8Array {
  const all = Uint8Array.from({ length: 768 }, (_, at) => Math.floor(at / 3))
  if (entries) all.set(entries.subarray(0, Math.min(entries.length - (entries.length % 3), 768)))
  return all
}

/** How rows of such a file become RGB. */
export function rowWriter(header: PngHeader, palette: Uint8Array): RowWriter {
  const { channels, colorType } = header
  const samplesOf = sampler(header)
  if (colorType === paletteType) {
    return (row, rgb, to, columns, step) => {
      const samples = samplesOf(row, columns)
      for (let x = 0; x < columns; x++, to += step) {
        const entry = 3 * samples[x]!
        rgb[to] = palette[entry]!
        rgb[to + 1] = palette[entry + 1]!
        rgb[to + 2] = palette[entry + 2]!
      }
    }
  }
  const next = channels >= 3 ? 1 : 0
  return (row, rgb, to, columns, step) => {
    const samples = samplesOf(row, columns * channels)
    if (channels === 3 && step === 3) {
      rgb.set(samples, to)
      return
    }
    for (let x = 0, from = 0; x < columns; x++, from += channels, to += step) {
      rgb[to] = samples[from]!
      rgb[to + 1] = samples[from + next]!
      rgb[to + 2] = samples[from + 2 * next]!
    }
  }
}

/** What gives a row's samples as bytes; the memory is used again for the next row. */
function sampler({
  width,
  channels,
  depth,
  colorType,
}: PngHeader): (row: Uint8Array, count: number) => Uint8Array {
  if (depth === 8) return (row) => row
  const samples = new Uint8Array(width * channels)
  if (depth === 16) {
    // Pillow keeps 16-bit grey as integers and then clips them at 255; of other 16-bit samples it takes the high byte.
    const isClipped = colorType === greyType
    return (row, count) => {
      for (let at = 0; at < count; at++)
        samples[at] = isClipped && row[2 * at]! > 0 ? 255 : row[2 * at + (isClipped ? 1 : 0)]!
      return samples
    }
  }
  const mask = 2 ** depth - 1
  const scale = colorType === paletteType ? 1 : 255 / mask
  return (row, count) => {
    for (let at = 0, bit = 0; at < count; at++, bit += depth) {
      samples[at] = ((row[bit >> 3]! >> (8 - depth - (bit & 7))) & mask) * scale
    }
    return samples
  }
}
