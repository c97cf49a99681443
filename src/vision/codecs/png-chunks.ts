/** Reads a PNG file's chunks, and lays out anew those that make its pixels. */

/** What the header chunk (IHDR) says. */
export interface PngHeader {
  readonly width: number
  readonly height: number
  /** Bits of a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number
  /** 0: grey, 2: RGB, 3: palette, 4: grey and alpha, 6: RGB and alpha. */
  readonly colorType: number
  /** Samples of a pixel in the file. */
  readonly channels: number
}

/** A PNG file's parts that matter. */
export interface PngParts {
  readonly header: PngHeader
  /** The file with no chunks but IHDR, PLTE, IDAT and IEND. */
  readonly normalised: Uint8Array<ArrayBuffer>
  /** Bytes of all IDAT chunks. */
  readonly compressedSize: number
}

const signatureLength = 8
/** Length, type and checksum around a chunk's content. */
const overhead = 12
const paletteType = 3
const emptyEnd = [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]
const channelsOfType: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

/**
 * Walks the chunks. The end chunk may be missing, as Pillow allows; a chunk that is cut short may not.
 * Transparency (tRNS) is left out, because pngjs would blacken what it makes transparent, and so is
 * everything else that changes no pixel.
 */
export function readPngChunks(bytes: Uint8Array): PngParts | 'truncated' | 'malformed' {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts = [bytes.subarray(0, signatureLength)]
  let header: PngHeader | undefined
  let compressedSize = 0
  for (let at = signatureLength; at < bytes.length;) {
    if (at + overhead > bytes.length) return 'truncated'
    const length = view.getUint32(at)
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    if (type === 'IEND') break
    if (at + overhead + length > bytes.length) return 'truncated'
    if ((type === 'IHDR') === (header !== undefined)) return 'malformed'
    if (type === 'IHDR') header = readHeader(view, at + 8, length)
    if (!header) return 'malformed'
    if (type === 'IDAT') compressedSize += length
    const isPalette = type === 'PLTE' && header.colorType === paletteType
    if (isPalette || type === 'IHDR' || type === 'IDAT')
      parts.push(bytes.subarray(at, at + overhead + length))
    if (isPalette) parts.push(restOfPalette(Math.floor(length / 3)))
    at += overhead + length
  }
  if (!header || compressedSize === 0) return 'truncated'
  return { header, compressedSize, normalised: join([...parts, Uint8Array.from(emptyEnd)]) }
}

/**
 * A second palette chunk, which pngjs appends to the first: Pillow shows an index beyond the palette as that
 * level of grey, pngjs fails.
 */
function restOfPalette(entries: number): Uint8Array<ArrayBuffer> {
  const length = 3 * Math.max(256 - entries, 0)
  const chunk = new Uint8Array(overhead + length)
  const view = new DataView(chunk.buffer)
  view.setUint32(0, length)
  chunk.set([0x50, 0x4c, 0x54, 0x45], 4)
  for (let index = 0; index < length; index++) chunk[8 + index] = entries + Math.floor(index / 3)
  view.setUint32(8 + length, crc32(chunk.subarray(4, 8 + length)))
  return chunk
}

/** PNG's checksum, bit by bit: it is for the palette alone. */
function crc32(bytes: Uint8Array): number {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

function readHeader(view: DataView, at: number, length: number): PngHeader | undefined {
  if (length !== 13) return undefined
  const colorType = view.getUint8(at + 9)
  const channels = channelsOfType[colorType]
  if (channels === undefined) return undefined
  const [width, height, depth] = [view.getUint32(at), view.getUint32(at + 4), view.getUint8(at + 8)]
  return { width, height, depth, colorType, channels }
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
