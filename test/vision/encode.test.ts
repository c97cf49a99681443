import { PNG } from 'pngjs'
import { describe, expect, it, vi } from 'vitest'

import { ArgumentError } from '../../src/core/errors.ts'
import { decodeImage } from '../../src/vision/decode.ts'
import { encodeJpeg, encodePng } from '../../src/vision/encode.ts'
import { contiguous, flipHorizontal, picture } from '../../src/vision/picture.ts'

function gradient(channels: number) {
  const pixels = Array.from({ length: 20 * 30 * channels }, (_, index) => {
    const pixel = Math.floor(index / channels)
    return 3 * (pixel % 30) + 4 * Math.floor(pixel / 30) + 20 * (index % channels)
  })
  return picture(20, 30, channels, Uint8Array.from(pixels))
}

const colour = gradient(3)
const grey = gradient(1)

describe('encodePng', () => {
  it('loses nothing', () => {
    expect(contiguous(decodeImage(encodePng(colour)))).toEqual(contiguous(colour))
  })

  it('is read by pngjs as the same pixels', () => {
    const { width, height, data } = PNG.sync.read(Buffer.from(encodePng(colour)))
    expect([width, height]).toEqual([30, 20])
    const rgb = [...data].filter((_, index) => index % 4 !== 3)
    expect(rgb).toEqual([...contiguous(colour)])
  })

  it('writes grey as grey, and reads it as three equal channels', () => {
    const bytes = encodePng(grey)
    expect(bytes[25]).toBe(0)
    const decoded = decodeImage(bytes)
    expect(decoded.shape).toEqual([20, 30, 3])
    for (const channel of [0, 1, 2]) expect(decoded.get(7, 9, channel)).toBe(grey.get(7, 9, 0))
  })

  it('writes what a view shows', () => {
    expect(decodeImage(encodePng(flipHorizontal(colour))).get(3, 0, 1)).toBe(colour.get(3, 29, 1))
  })
})

describe('encodeJpeg', () => {
  it('gives the same bytes where there is no Buffer, as in a page, and leaves none behind', () => {
    const inNode = encodeJpeg(colour)
    vi.stubGlobal('Buffer', undefined)
    const inPage = encodeJpeg(colour)
    const after = globalThis.Buffer as unknown
    vi.unstubAllGlobals()
    expect(inPage).toEqual(inNode)
    expect(after).toBeUndefined()
  })

  it.each([
    ['colour', colour],
    ['grey', grey],
  ])('comes near the picture, nearer with more quality: %s', (_, source) => {
    const error = (quality: number) => {
      const decoded = decodeImage(encodeJpeg(source, quality))
      let sum = 0
      for (let y = 0; y < 20; y++)
        for (let x = 0; x < 30; x++) sum += Math.abs(decoded.get(y, x, 0) - source.get(y, x, 0))
      return sum / 600
    }
    expect(error(95)).toBeLessThan(2)
    expect(error(95)).toBeLessThan(error(10))
  })

  it('refuses a quality that is none', () => {
    expect(() => encodeJpeg(colour, 0)).toThrow(ArgumentError)
  })
})
