/** Reads a JPEG file's structure without decoding it: its size, before anything is allocated, and its end. */

/** What the frame header (SOF) says. */
export interface JpegHeader {
  readonly width: number
  readonly height: number
  /** 1: grey, 3: colour, 4: CMYK or YCCK. */
  readonly components: number
  /** Bits of a sample; only 8 is common. */
  readonly precision: number
  /** The number n of SOFn: 0, 1: sequential, 2: progressive, 3: lossless, 9, 10: arithmetic coding, … */
  readonly process: number
  /** The colour transform that Adobe's marker (APP14) names, 0: none; `undefined` without that marker. */
  readonly adobeTransform: number | undefined
}

const startOfScan = 0xda
const endOfImage = 0xd9
const app1 = 0xe1
const app14 = 0xee

/** The frame header, or `undefined` if there is none before the pixels or the end of the file. */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  let adobeTransform: number | undefined
  for (const { marker, start, end } of segments(bytes)) {
    if (marker === startOfScan) return undefined
    if (marker === app14 && end - start >= 12 && startsWith(bytes, start, 'Adobe'))
      adobeTransform = bytes[start + 11]
    if (!isStartOfFrame(marker) || end - start < 6) continue
    const word = (at: number) => bytes[start + at]! * 256 + bytes[start + at + 1]!
    return {
      precision: bytes[start]!,
      height: word(1),
      width: word(3),
      components: bytes[start + 5]!,
      process: marker - 0xc0,
      adobeTransform,
    }
  }
  return undefined
}

function startsWith(bytes: Uint8Array, start: number, word: string): boolean {
  return String.fromCharCode(...bytes.subarray(start, start + word.length)) === word
}

/** Whether the file reaches its end marker; a file cut short does not. */
export function hasJpegEnd(bytes: Uint8Array): boolean {
  for (const { marker } of segments(bytes)) if (marker === endOfImage) return true
  return false
}

/** The file without its EXIF data, and so without the orientation that browsers would turn the picture by. */
export function withoutExif(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const kept = Uint8Array.from(bytes)
  let length = 0
  let copied = 0
  for (const { marker, start, end } of segments(bytes)) {
    if (marker === startOfScan) break
    if (marker !== app1 || !startsWith(bytes, start, 'Exif')) continue
    length += copy(bytes.subarray(copied, start - 4), kept, length)
    copied = end
  }
  length += copy(bytes.subarray(copied), kept, length)
  return kept.subarray(0, length)
}

function copy(from: Uint8Array, to: Uint8Array, at: number): number {
  to.set(from, at)
  return from.length
}

interface Segment {
  readonly marker: number
  /** The segment's content: `bytes[start … end − 1]`. */
  readonly start: number
  readonly end: number
}

function* segments(bytes: Uint8Array): Generator<Segment> {
  let at = 2
  for (;;) {
    // Fill bytes, entropy-coded data (whose 0xff are followed by 0 or RSTn) and stray bytes lie between segments.
    while (at < bytes.length && !(bytes[at] === 0xff && isMarker(bytes[at + 1]))) at++
    if (at + 1 >= bytes.length) return
    const marker = bytes[at + 1]!
    const start = at + 4
    if (marker === endOfImage) yield { marker, start: at + 2, end: at + 2 }
    if (marker === endOfImage || start > bytes.length) return
    const end = at + 2 + bytes[at + 2]! * 256 + bytes[at + 3]!
    if (end > bytes.length) return
    yield { marker, start, end }
    at = Math.max(end, start)
  }
}

/** Not a stuffed zero, a fill byte, TEM or RSTn: those have no segment. */
function isMarker(byte: number | undefined): boolean {
  return byte !== undefined && byte > 1 && byte !== 0xff && !(byte >= 0xd0 && byte <= 0xd8)
}

/** SOF0 … SOF15 without DHT (c4), JPG (c8) and DAC (cc). */
function isStartOfFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}
