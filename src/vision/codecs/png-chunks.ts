/** Reads a PNG file's chunks, and writes them. */

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
  readonly isInterlaced: boolean
}

/** A PNG file's parts that make its pixels. */
export interface PngParts {
  readonly header: PngHeader
  /** Red, green and blue of the palette's entries (PLTE). */
  readonly palette: Uint8Array | undefined
  /** The contents of all IDAT chunks, in order: one zlib stream. */
  readonly data: readonly Uint8Array[]
}

/** What may be wrong with a file's chunks. */
export type PngFault = 'truncated' | 'malformed' | 'damaged'

/** The first bytes of each file. */
export const pngSignature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)

/** Length, type and checksum around a chunk's content. */
const overhead = 12
const paletteType = 3
const channelsOfType: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
const depthsOfType: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
}

/**
 * Walks the chunks. The end chunk may be missing, as Pillow allows; a chunk that is cut short may not. Only those that
 * make pixels are looked at: transparency (tRNS) is left out, as `convert('RGB')` drops it.
 */
export function readPngChunks(bytes: Uint8Array): PngParts | PngFault {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const data: Uint8Array[] = []
  let header: PngHeader | undefined
  let palette: Uint8Array | undefined
  for (let at = pngSignature.length; at < bytes.length;) {
    if (at + overhead > bytes.length) return 'truncated'
    const length = view.getUint32(at)
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    if (type === 'IEND') break
    if (at + overhead + length > bytes.length) return 'truncated'
    if ((type === 'IHDR') === (header !== undefined)) return 'malformed'
    const content = bytes.subarray(at + 8, at + 8 + length)
    const matters = type === 'IHDR' || type === 'PLTE' || type === 'IDAT'
    if (matters && crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length)) {
      return 'damaged'
    }
    if (type === 'IHDR') header = readHeader(content)
    if (!header) return 'malformed'
    if (type === 'IDAT') data.push(content)
    if (type === 'PLTE' && header.colorType === paletteType) palette = content
    at += overhead + length
  }
  return header && data.some(({ length }) => length > 0) ? { header, palette, data } : 'truncated'
}

function readHeader(content: Uint8Array): PngHeader | undefined {
  if (content.length !== 13) return undefined
  const view = new DataView(content.buffer, content.byteOffset)
  const [depth, colorType, compression, filter, interlace] = content.subarray(8) as unknown as number[]
  const channels = channelsOfType[colorType!]
  const isKnown = depthsOfType[colorType!]?.includes(depth!) === true && compression === 0 && filter === 0
  if (channels === undefined || !isKnown || interlace! > 1) return undefined
  return {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth: depth!,
    colorType: colorType!,
    channels,
    isInterlaced: interlace === 1,
  }
}

/** A chunk of a file: length, type, content, checksum. */
export function pngChunk(type: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const chunk = new Uint8Array(overhead + content.length)
  const view = new DataView(chunk.buffer)
  view.setUint32(0, content.length)
  for (let at = 0; at < 4; at++) chunk[4 + at] = type.charCodeAt(at)
  chunk.set(content, 8)
  view.setUint32(8 + content.length, crc32(chunk.subarray(4, 8 + content.length)))
  return chunk
}

const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  return crc
})

/** PNG's checksum, byte by byte: it is for compressed data, a small part of the work. */
function crc32(bytes: Uint8Array): number {
  let crc = -1
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}
