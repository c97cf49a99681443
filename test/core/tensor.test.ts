import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { DTypeError, ShapeError } from '../../src/core/errors.ts'
import { broadcastShapes, stridesOf } from '../../src/core/shape.ts'
import { Tensor } from '../../src/core/tensor.ts'

describe('Tensor', () => {
  it('keeps nested lists', () => {
    const values = [
      [1, 2, 3],
      [4, 5, 6],
    ]
    const tensor = Tensor.from(values)
    expect(tensor.shape).toEqual([2, 3])
    expect(tensor.toList()).toEqual(values)
  })

  it('views the same memory through ndarray strides', () => {
    const tensor = Tensor.from([
      [1, 2],
      [3, 4],
    ])
    tensor.view.transpose(1, 0).set(0, 1, 9)
    expect(tensor.toList()).toEqual([
      [1, 2],
      [9, 4],
    ])
  })

  it('stores int64 as bigint and gives numbers back', () => {
    const tensor = Tensor.from([1, -2], 'int64')
    expect(tensor.data).toEqual(BigInt64Array.of(1n, -2n))
    expect(tensor.toList()).toEqual([1, -2])
  })

  it('refuses ragged lists, sizes that do not fit and arrays of another type', () => {
    expect(() => Tensor.from([[1], [2, 3]])).toThrow(ShapeError)
    expect(() => new Tensor('float32', new Float32Array(3), [2])).toThrow(
      /needs 2 elements, but 3 were given/,
    )
    expect(() => new Tensor('float32', new Float64Array(2) as never, [2])).toThrow(DTypeError)
    expect(() => Tensor.zeros([2]).item()).toThrow(ShapeError)
  })

  it('tells -0 from 0 and takes NaN as itself when it compares', () => {
    expect(Tensor.from([NaN]).equals(Tensor.from([NaN]))).toBe(true)
    expect(Tensor.from([0]).equals(Tensor.from([-0]))).toBe(false)
    expect(Tensor.from([1]).equals(Tensor.from([1], 'float64'))).toBe(false)
  })

  it('prints itself readably', () => {
    expect(String(Tensor.from([1.5, 2]))).toBe('tensor([1.5000, 2], float32 [2])')
    expect(String(Tensor.zeros([2000]))).toContain('…')
  })
})

describe('shapes', () => {
  it('broadcasts by the rule of NumPy', () => {
    expect(broadcastShapes([3, 1], [4])).toEqual([3, 4])
    expect(broadcastShapes<number | string>(['N', 1], [5])).toEqual(['N', 5])
    expect(() => broadcastShapes([2], [3])).toThrow(/do not broadcast: 2 against 3/)
  })

  it('has strides that address every element once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }), (shape) => {
        const strides = stridesOf(shape)
        const size = shape.reduce((product, n) => product * n, 1)
        const last = shape.reduce((offset, n, axis) => offset + (n - 1) * strides[axis]!, 0)
        expect(last).toBe(size - 1)
      }),
    )
  })
})
