import { deflateSync } from 'node:zlib'

import { describe, expect, it } from 'vitest'

import { ImageError } from '../../src/core/errors.ts'
import { pngChunk, pngSignature } from '../../src/vision/codecs/png-chunks.ts'
import { decodeImage } from '../../src/vision/decode.ts'
import { contiguous } from '../../src/vision/picture.ts'

interface Parts {
  readonly width?: number
  readonly height?: number
  /** Depth, colour type, compression, filter, interlace. */
  readonly kind?: readonly number[]
  /** Rows as they are, filters included. Default: one pixel. */
  readonly raw?: Uint8Array
  /** What is in the file for them. Default: `raw`, compressed by Node's zlib. */
  readonly stream?: Uint8Array
}

/** A PNG file. */
function png(parts: Parts): Uint8Array {
  const { width = 1, height = 1, kind = [8, 2, 0, 0, 0], raw = pixel, stream = deflateSync(raw) } = parts
  const header = Uint8Array.of(0, 0, width >> 8, width & 255, 0, 0, height >> 8, height & 255, ...kind)
  const chunks = [pngSignature, pngChunk('IHDR', header), pngChunk('IDAT', stream)]
  return Uint8Array.from(Buffer.concat([...chunks, pngChunk('IEND', new Uint8Array())]))
}

const pixel = Uint8Array.of(0, 10, 20, 30)

describe('decodeImage of a PNG', () => {
  it('takes the pixels alone of a stream that goes on, without inflating the rest', () => {
    const bomb = new Uint8Array(400 * 2 ** 20)
    bomb.set(pixel)
    const stream = deflateSync(bomb)
    // No zlib stream goes on so: who inflates that far fails.
    stream.fill(255, 2 ** 15)
    const file = png({ stream })
    const before = process.memoryUsage().arrayBuffers
    expect([...contiguous(decodeImage(file))]).toEqual([10, 20, 30])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 2 ** 20)
  })

  it('shows indices as greys where there is no palette, as Pillow 9.4', () => {
    const file = png({ width: 3, kind: [8, 3, 0, 0, 0], raw: Uint8Array.of(0, 5, 7, 200) })
    expect([...contiguous(decodeImage(file))]).toEqual([5, 5, 5, 7, 7, 7, 200, 200, 200])
  })

  it('refuses bytes that changed on the way, by their checksum', () => {
    const file = png({ raw: pixel })
    file[file.length - 12 - 6]! ^= 1
    expect(() => decodeImage(file)).toThrow('a checksum differs')
  })

  it.each([
    ['a filter that is none', png({ raw: Uint8Array.of(5, 10, 20, 30) }), 'corrupt'],
    ['a row that is missing', png({ height: 2, raw: pixel }), 'cut short'],
    ['half a row', png({ raw: pixel.subarray(0, 3) }), 'cut short'],
    ['3 bits a sample', png({ kind: [3, 0, 0, 0, 0], raw: pixel }), 'malformed'],
    ['16 bits an index', png({ kind: [16, 3, 0, 0, 0], raw: pixel }), 'malformed'],
    ['an unknown interlacing', png({ kind: [8, 2, 0, 0, 2], raw: pixel }), 'malformed'],
    ['no pixels', png({ width: 0, raw: pixel }), '0 × 1 pixels'],
  ])('refuses %s', (_, file, problem) => {
    expect(() => decodeImage(file)).toThrow(ImageError)
    expect(() => decodeImage(file)).toThrow(problem)
  })
})
