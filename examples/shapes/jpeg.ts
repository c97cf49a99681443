import * as tables from './jpeg-tables.ts'

/**
 * A baseline JPEG writer for the data set's small pictures. jpeg-js, which the library writes pictures with, builds
 * 65,000 arrays for every file: 10 to 60 ms for a picture of 96 × 96, twenty times what the picture itself takes.
 *
 * @param rgba - Bytes of a square picture, red, green, blue and an ignored fourth.
 * @param size - Its height and width: a multiple of 8.
 * @param quality - 1 … 100, on libjpeg's scale.
 */
export function writeJpeg(rgba: Uint8Array, size: number, quality: number): Uint8Array<ArrayBuffer> {
  const channels: Channel[] = [
    channel(tables.luminanceQuantisation, quality, luminanceCodes),
    channel(tables.chrominanceQuantisation, quality, chrominanceCodes),
    channel(tables.chrominanceQuantisation, quality, chrominanceCodes),
  ]
  const out = new BitWriter()
  writeHeaders(out, size, channels)
  for (let y = 0; y < size; y += 8) {
    for (let x = 0; x < size; x += 8) {
      readBlock(rgba, size, x, y)
      for (const [index, each] of channels.entries()) writeBlock(out, blocks[index]!, each)
    }
  }
  out.finish()
  out.marker(0xd9)
  return out.bytes()
}

/** Code and length by symbol. */
type Codes = readonly (readonly [code: number, length: number])[]

interface Channel {
  readonly quantisation: readonly number[]
  readonly codes: { readonly dc: Codes; readonly ac: Codes }
  /** The block before this one's mean: blocks write the difference. */
  previous: number
}

function channel(base: readonly number[], quality: number, codes: Channel['codes']): Channel {
  const scale = quality < 50 ? 5000 / quality : 200 - 2 * quality
  const quantisation = base.map((step) => Math.min(255, Math.max(1, Math.floor((step * scale + 50) / 100))))
  return { quantisation, codes, previous: 0 }
}

const luminanceCodes = { dc: codesOf(tables.luminanceDc), ac: codesOf(tables.luminanceAc) }
const chrominanceCodes = { dc: codesOf(tables.chrominanceDc), ac: codesOf(tables.chrominanceAc) }

/** Codes of one length count up; a bit more doubles. */
function codesOf({ counts, symbols }: tables.HuffmanSpec): Codes {
  const codes: (readonly [number, number])[] = []
  let code = 0
  let next = 0
  counts.forEach((count, index) => {
    for (let i = 0; i < count; i++) codes[symbols[next++]!] = [code++, index + 1]
    code *= 2
  })
  return codes
}

class BitWriter {
  readonly #bytes: number[] = []
  #pending = 0
  #count = 0

  bits(value: number, length: number): void {
    this.#pending = (this.#pending << length) | value
    this.#count += length
    while (this.#count >= 8) {
      this.#count -= 8
      const byte = (this.#pending >> this.#count) & 255
      this.#bytes.push(byte)
      // A byte of all ones opens a marker: inside of data a zero follows it.
      if (byte === 255) this.#bytes.push(0)
    }
    this.#pending &= (1 << this.#count) - 1
  }

  finish(): void {
    if (this.#count > 0) this.bits(127 >> (this.#count - 1), 8 - this.#count)
  }

  marker(code: number, content?: readonly number[]): void {
    this.#bytes.push(255, code)
    if (content) this.#bytes.push((content.length + 2) >> 8, (content.length + 2) & 255, ...content)
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes)
  }
}

function writeHeaders(out: BitWriter, size: number, channels: readonly Channel[]): void {
  const [high, low] = [size >> 8, size & 255]
  out.marker(0xd8)
  out.marker(0xe0, [0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0])
  for (const table of [0, 1]) {
    out.marker(0xdb, [table, ...tables.zigzag.map((index) => channels[table]!.quantisation[index]!)])
  }
  out.marker(0xc0, [8, high, low, high, low, 3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1])
  const specs = [
    [0x00, tables.luminanceDc],
    [0x10, tables.luminanceAc],
    [0x01, tables.chrominanceDc],
    [0x11, tables.chrominanceAc],
  ] as const
  for (const [id, { counts, symbols }] of specs) out.marker(0xc4, [id, ...counts, ...symbols])
  out.marker(0xda, [3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0])
}

const blocks = [new Float32Array(64), new Float32Array(64), new Float32Array(64)] as const

/** A block of the picture as brightness and two color differences, around 0. */
function readBlock(rgba: Uint8Array, size: number, left: number, top: number): void {
  const [luma, blueness, redness] = blocks
  for (let i = 0; i < 64; i++) {
    const at = 4 * ((top + (i >> 3)) * size + left + (i & 7))
    const [r, g, b] = [rgba[at]!, rgba[at + 1]!, rgba[at + 2]!]
    luma[i] = 0.299 * r + 0.587 * g + 0.114 * b - 128
    blueness[i] = -0.168736 * r - 0.331264 * g + 0.5 * b
    redness[i] = 0.5 * r - 0.418688 * g - 0.081312 * b
  }
}

/** Row k: the cosine of frequency k at 8 places, scaled so that the transform keeps lengths. */
const cosines = Float32Array.from({ length: 64 }, (_, index) => {
  const [k, place] = [index >> 3, index & 7]
  return (k === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * place + 1) * k * Math.PI) / 16)
})

const half = new Float32Array(64)

/** The cosine transform of rows, written as columns: applied twice it is the transform of the block. */
function transformRows(from: Float32Array, to: Float32Array): void {
  for (let row = 0; row < 8; row++) {
    for (let k = 0; k < 8; k++) {
      let sum = 0
      for (let place = 0; place < 8; place++) sum += cosines[8 * k + place]! * from[8 * row + place]!
      to[8 * k + row] = sum
    }
  }
}

function writeBlock(out: BitWriter, block: Float32Array, state: Channel): void {
  const { quantisation, codes } = state
  transformRows(block, half)
  transformRows(half, block)
  const mean = Math.round(block[0]! / quantisation[0]!)
  writeValue(out, codes.dc, 0, mean - state.previous)
  state.previous = mean
  let zeros = 0
  for (let i = 1; i < 64; i++) {
    const index = tables.zigzag[i]!
    const value = Math.round(block[index]! / quantisation[index]!)
    if (value === 0) {
      zeros++
      continue
    }
    for (; zeros > 15; zeros -= 16) out.bits(...codes.ac[0xf0]!)
    writeValue(out, codes.ac, zeros, value)
    zeros = 0
  }
  if (zeros > 0) out.bits(...codes.ac[0]!)
}

/** The code of a run of zeros and a value's size in bits; then the value, negative ones less 1. */
function writeValue(out: BitWriter, codes: Codes, zeros: number, value: number): void {
  const size = 32 - Math.clz32(Math.abs(value))
  out.bits(...codes[16 * zeros + size]!)
  if (size > 0) out.bits((value < 0 ? value - 1 : value) & ((1 << size) - 1), size)
}
