import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ArgumentError, ShapeError } from '../../src/core/errors.ts'
import {
  contiguous,
  crop,
  flipHorizontal,
  flipVertical,
  isPacked,
  picture,
} from '../../src/vision/picture.ts'

function counting(height: number, width: number, channels: number) {
  return picture(
    height,
    width,
    channels,
    Uint8Array.from({ length: height * width * channels }, (_, index) => index),
  )
}

describe('picture', () => {
  it('is black unless data are given, and keeps the data that are given', () => {
    expect([...picture(1, 2, 3).data]).toEqual([0, 0, 0, 0, 0, 0])
    const data = new Uint8Array(6)
    expect(picture(1, 2, 3, data).data).toBe(data)
  })

  it.each([
    [0, 1, 3],
    [1, 1.5, 3],
    [1, 1, 4],
  ])('refuses the shape [%d, %d, %d]', (height, width, channels) => {
    expect(() => picture(height, width, channels)).toThrow(ShapeError)
  })

  it('refuses data of another length', () => {
    expect(() => picture(1, 1, 3, new Uint8Array(4))).toThrow('needs 3 bytes, but 4 were given')
  })
})

describe('views', () => {
  it('share memory with their picture', () => {
    const source = counting(4, 5, 3)
    for (const view of [crop(source, 1, 2, 2, 3), flipHorizontal(source), flipVertical(source)])
      expect(view.data).toBe(source.data)
  })

  it('read the pixels that crops and flips promise, in any order', () => {
    const size = fc.integer({ min: 1, max: 6 })
    fc.assert(
      fc.property(size, size, fc.constantFrom(1, 3), fc.nat(), fc.nat(), (height, width, channels, a, b) => {
        const source = counting(height, width, channels)
        const [top, left] = [a % height, b % width]
        const view = flipVertical(flipHorizontal(crop(source, top, left, height - top, width - left)))
        for (let y = 0; y < view.shape[0]!; y++)
          for (let x = 0; x < view.shape[1]!; x++)
            expect(view.get(y, x, channels - 1)).toBe(source.get(height - 1 - y, width - 1 - x, channels - 1))
        const packed = picture(height - top, width - left, channels, contiguous(view))
        expect(isPacked(packed)).toBe(true)
        for (let y = 0; y < view.shape[0]!; y++)
          for (let x = 0; x < view.shape[1]!; x++) expect(packed.get(y, x, 0)).toBe(view.get(y, x, 0))
      }),
    )
  })

  it('are packed without a copy where they can be', () => {
    const source = counting(4, 5, 3)
    const rows = crop(source, 1, 0, 2, 5)
    expect(contiguous(rows).buffer).toBe(source.data.buffer)
    expect([...contiguous(rows)]).toEqual([...source.data.subarray(15, 45)])
    expect([...contiguous(crop(source, 1, 1, 2, 2))]).toEqual([
      18, 19, 20, 21, 22, 23, 33, 34, 35, 36, 37, 38,
    ])
  })

  it.each([
    [-1, 0, 2, 2],
    [0, 0, 5, 2],
    [0, 4, 2, 2],
    [0, 0, 0, 2],
    [0.5, 0, 2, 2],
  ])('refuse the crop (%d, %d, %d, %d)', (...box) => {
    expect(() => crop(counting(4, 5, 3), ...box)).toThrow(ArgumentError)
  })
})
