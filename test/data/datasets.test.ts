import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { ArgumentError, DataError, ShapeError } from '../../src/core/errors.ts'
import { Generator } from '../../src/core/generator.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { ConcatDataset } from '../../src/data/concat-dataset.ts'
import { randomSplit, Subset } from '../../src/data/subset.ts'
import { TensorDataset } from '../../src/data/tensor-dataset.ts'
import { handled } from './support.ts'

const numbered = (length: number, from = 0) =>
  new TensorDataset(
    Tensor.zeros([length]),
    Tensor.from(
      Array.from({ length }, (_, index) => from + index),
      'int32',
    ),
  )

const generator = new Generator(0)

describe('TensorDataset', () => {
  const inputs = Tensor.from([
    [1, 2],
    [3, 4],
    [5, 6],
  ])

  it('gives rows, as views', () => {
    const { input } = new TensorDataset(inputs, Tensor.zeros([3])).get(1)
    expect(input.toList()).toEqual([3, 4])
    expect(input.data.buffer).toBe(inputs.data.buffer)
  })

  it.each(['int32', 'int64', 'uint8'] as const)('gives %s labels as class indices', (dtype) => {
    expect(new TensorDataset(inputs, Tensor.from([0, 2, 1], dtype)).get(1).label).toBe(2)
  })

  it('gives other labels as targets', () => {
    const scalars = new TensorDataset(inputs, Tensor.from([0.5, 1.5, 2.5])).get(2).label as Tensor
    expect(scalars.shape).toEqual([])
    expect(scalars.item()).toBe(2.5)
    const rows = new TensorDataset(inputs, Tensor.from([[1], [2], [3]], 'int32')).get(2).label as Tensor
    expect(rows.toList()).toEqual([3])
  })

  it('refuses rows that do not pair up', () => {
    expect(() => new TensorDataset(inputs, Tensor.zeros([2]))).toThrow(/\[3, 2\] and labels \[2\]/)
    expect(() => new TensorDataset(Tensor.full([], 1), Tensor.full([], 1))).toThrow(ShapeError)
  })

  it.each([-1, 3, 0.5, NaN])('has no sample %d', (index) => {
    expect(() => new TensorDataset(inputs, Tensor.zeros([3])).get(index)).toThrow(DataError)
  })
})

describe('Subset', () => {
  it('gives the chosen samples, and their jobs', async () => {
    const subset = new Subset(handled(10), [7, 2])
    expect(subset.length).toBe(2)
    expect((await subset.get(1, generator)).label).toBe(2)
    expect(subset.job(0)?.payload).toEqual({ index: 7 })
    expect(new Subset(numbered(4), [3]).job(0)).toBeUndefined()
  })

  it('refuses an index that the data set lacks', () => {
    expect(() => new Subset(numbered(4), [0, 4])).toThrow(/no sample 4: its indices are 0 to 3/)
    expect(() => new Subset(numbered(4), [0]).get(1, generator)).toThrow(DataError)
  })
})

describe('ConcatDataset', () => {
  it('gives the samples of each in turn, and their jobs', async () => {
    const concat = new ConcatDataset([numbered(2), numbered(0), handled(3)])
    expect(concat.length).toBe(5)
    const labels = await Promise.all([0, 1, 2, 3, 4].map(async (index) => concat.get(index, generator)))
    expect(labels.map(({ label }) => label)).toEqual([0, 1, 0, 1, 2])
    expect(concat.job(1)).toBeUndefined()
    expect(concat.job(4)?.payload).toEqual({ index: 2 })
  })

  it('refuses an index beyond the last, and an empty list', () => {
    expect(() => new ConcatDataset([numbered(2), numbered(1)]).get(3, generator)).toThrow(
      /indices are 0 to 2/,
    )
    expect(() => new ConcatDataset([])).toThrow(ArgumentError)
  })
})

describe('randomSplit', () => {
  const path = new URL('../fixtures/data/splits.json', import.meta.url)
  const splits = JSON.parse(readFileSync(path, 'utf8')) as {
    length: number
    fractions: number[]
    sizes: number[]
  }[]

  it.each(splits)('rounds $fractions of $length as PyTorch', ({ length, fractions, sizes }) => {
    const parts = randomSplit(numbered(length), fractions, new Generator(1))
    expect(parts.map((part) => part.length)).toEqual(sizes)
  })

  it('gives each sample to one part, at random, alike from the same seed', () => {
    const split = (seed: number) => randomSplit(numbered(20), [12, 8], new Generator(seed))
    const indices = split(1).map((part) => part.indices)
    expect(indices.map((part) => part.length)).toEqual([12, 8])
    expect(indices.flat().toSorted((a, b) => a - b)).toEqual([...Array(20).keys()])
    expect(indices.flat()).not.toEqual([...Array(20).keys()])
    expect(split(1).map((part) => part.indices)).toEqual(indices)
    expect(split(2).map((part) => part.indices)).not.toEqual(indices)
  })

  it.each([[[12, 9]], [[0.5, 0.6]], [[-1, 21]], [[1.5, -0.5]], [[19.5, 0.5]], [[]]])(
    'refuses %j',
    (lengths) => {
      expect(() => randomSplit(numbered(20), lengths, generator)).toThrow(ArgumentError)
    },
  )
})
