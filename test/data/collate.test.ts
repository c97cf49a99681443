import { describe, expect, it } from 'vitest'

import { DataError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { BatchStack, collate } from '../../src/data/collate.ts'

const sample = (label: number | Tensor, input: Tensor = Tensor.from([1, 2])) => ({ input, label })

describe('collate', () => {
  it('stacks inputs of any type and class indices as int32', () => {
    const inputs = [Tensor.from([[1, 2]], 'uint8'), Tensor.from([[3, 4]], 'uint8')]
    const batch = collate([sample(7, inputs[0]), sample(0, inputs[1])])
    expect(batch.inputs.equals(Tensor.from([[[1, 2]], [[3, 4]]], 'uint8'))).toBe(true)
    expect(batch.labels.equals(Tensor.from([7, 0], 'int32'))).toBe(true)
  })

  it('stacks targets', () => {
    const scalars = collate([sample(Tensor.from(0.5)), sample(Tensor.from(2))])
    expect(scalars.labels.equals(Tensor.from([0.5, 2]))).toBe(true)
    const rows = collate([sample(Tensor.from([1, 0], 'int64')), sample(Tensor.from([0, 1], 'int64'))])
    expect(
      rows.labels.equals(
        Tensor.from(
          [
            [1, 0],
            [0, 1],
          ],
          'int64',
        ),
      ),
    ).toBe(true)
  })

  it('copies, even a batch of one', () => {
    const input = Tensor.from([1, 2])
    const batch = collate([sample(0, input)])
    input.data[0] = 9
    expect(batch.inputs.toList()).toEqual([[1, 2]])
  })

  it.each([
    [
      'inputs of different shapes',
      sample(0, Tensor.from([1, 2, 3])),
      /sample 8 has an input of float32 \[3\], but sample 4 .*\[2\].*Resize and CenterCrop.*collate/,
    ],
    ['inputs of one size in different shapes', sample(0, Tensor.from([[1, 2]])), /\[1, 2\]/],
    [
      'inputs of different types',
      sample(0, Tensor.from([1, 2], 'uint8')),
      /of uint8 \[2\], but sample 4 .* float32 \[2\]/,
    ],
    [
      'a label and a target',
      sample(Tensor.from(1)),
      /sample 8 has a label of float32 \[\], but sample 4 .* int32 \[\]/,
    ],
    [
      'a label that is no integer',
      sample(0.5),
      /sample 8 has the label 0.5.*must be an integer.*Tensor.from/,
    ],
    ['a label beyond int32', sample(2 ** 31), DataError],
    ['NaN as a label', sample(NaN), DataError],
  ])('refuses %s', (_, other, message) => {
    const attempt = () => collate([sample(0), other], [4, 8])
    expect(attempt).toThrow(DataError)
    expect(attempt).toThrow(message)
  })

  it('refuses an empty batch', () => {
    expect(() => collate([])).toThrow(DataError)
  })
})

describe('BatchStack.allocate', () => {
  const fill = (stack: BatchStack, dtype: 'float32' | 'uint8', shape: number[], value: number) => {
    const data = stack.allocate(dtype, shape)
    data.fill(value)
    return new Tensor(dtype, data, shape)
  }

  it('gives the memory of the next row', () => {
    const stack = new BatchStack(3)
    const first = fill(stack, 'float32', [2], 5)
    stack.add(sample(0, first), 0)
    stack.add(sample(1, fill(stack, 'float32', [2], 6)), 1)
    stack.add(sample(2, Tensor.from([7, 8])), 2)
    const { inputs } = stack.batch()
    expect(inputs.data.buffer).toBe(first.data.buffer)
    expect(inputs.toList()).toEqual([
      [5, 5],
      [6, 6],
      [7, 8],
    ])
  })

  it('need not be used, or by a sample of another shape or type than the batch in the end', () => {
    const stack = new BatchStack(2)
    fill(stack, 'float32', [5], 1)
    fill(stack, 'uint8', [2, 1], 2)
    stack.add(sample(0, Tensor.from([3, 4])), 0)
    expect(fill(stack, 'uint8', [2], 9).toList()).toEqual([9, 9])
    fill(stack, 'float32', [2], 9)
    stack.add(sample(0, Tensor.from([5, 6])), 1)
    expect(stack.batch().inputs.toList()).toEqual([
      [3, 4],
      [5, 6],
    ])
  })
})
