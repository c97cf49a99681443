import { describe, expect, it } from 'vitest'

import { DTypeError, ShapeError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { makeGrid } from '../../src/vision/make-grid.ts'
import { toPicture } from '../../src/vision/to-picture.ts'
import { ToTensor } from '../../src/vision/transforms/to-tensor.ts'
import {
  decodePicture,
  decodeTensor,
  namedPicture,
  pictureNames,
  plain,
  readFixture,
  type Encoded,
} from './transforms/fixtures.ts'

describe('toPicture', () => {
  const { inputs, pictures } = readFixture('grids.json') as {
    inputs: Record<string, Encoded>
    pictures: [name: string, expected: Encoded][]
  }

  it.each(pictures)("writes the bytes of torchvision's save_image: %s", (name, expected) => {
    const grid = makeGrid(decodeTensor(inputs[name]!))
    expect(plain(toPicture(grid))).toEqual(plain(decodePicture(expected)))
  })

  it.each(pictureNames)('undoes ToTensor: %s', (name) => {
    expect(plain(toPicture(new ToTensor().forward(namedPicture(name))))).toEqual(plain(namedPicture(name)))
  })

  it('clips what is outside of 0 to 1, and makes NaN black', () => {
    expect(plain(toPicture(Tensor.from([[[-3, 9, NaN, Infinity]]]))).values).toEqual([0, 255, 0, 255])
  })

  it('refuses other types and shapes', () => {
    expect(() => toPicture(Tensor.zeros([3, 2, 2], 'uint8'))).toThrow(DTypeError)
    expect(() => toPicture(Tensor.zeros([2, 2]))).toThrow(ShapeError)
    expect(() => toPicture(Tensor.zeros([2, 2, 2]))).toThrow(ShapeError)
  })
})
