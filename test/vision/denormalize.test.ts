import { describe, expect, it } from 'vitest'

import { DTypeError, Generator, ShapeError, Tensor, transforms as T } from '../../src/index.ts'
import { denormalize } from '../../src/vision/denormalize.ts'

const statistics = { mean: [0.5, 0.4, 0.3], std: [0.25, 0.2, 0.1] }

describe('denormalize', () => {
  it('undoes Normalize, for one image and for a batch', () => {
    const generator = new Generator(3)
    const image = Tensor.zeros([3, 4, 5])
    for (let at = 0; at < image.size; at++) image.data[at] = generator.random()
    const { mean, std } = statistics
    const normalized = new T.Normalize(mean, std).forward(image) as Tensor
    for (const shape of [
      [3, 4, 5],
      [1, 3, 4, 5],
    ]) {
      const restored = denormalize(normalized.reshape(shape), statistics)
      expect(restored.shape).toEqual(shape)
      restored.data.forEach((value, at) => {
        expect(value).toBeCloseTo(Number(image.data[at]), 6)
      })
    }
  })

  it('clips to 0 … 1', () => {
    const image = Tensor.from([[[9]], [[-9]], [[0]]])
    expect([...denormalize(image, { mean: [0.5, 0.5, 0.5], std: [1, 1, 1] }).data]).toEqual([1, 0, 0.5])
  })

  it('refuses other types and numbers of channels', () => {
    expect(() => denormalize(Tensor.zeros([3, 2, 2], 'uint8'), statistics)).toThrow(DTypeError)
    expect(() => denormalize(Tensor.zeros([1, 2, 2]), statistics)).toThrow(ShapeError)
    expect(() => denormalize(Tensor.zeros([3]), statistics)).toThrow(ShapeError)
  })
})
