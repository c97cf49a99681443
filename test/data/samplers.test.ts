import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ArgumentError } from '../../src/core/errors.ts'
import { Generator } from '../../src/core/generator.ts'
import { BatchSampler } from '../../src/data/batch-sampler.ts'
import { RandomSampler, SequentialSampler, type Sampler } from '../../src/data/sampler.ts'
import { WeightedRandomSampler } from '../../src/data/weighted-random-sampler.ts'

const draw = (sampler: Sampler, seed = 0) => [...sampler.indices(new Generator(seed))]
const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b)
const upTo = (length: number) => [...Array(length).keys()]

const size = fc.integer({ min: 1, max: 50 })
const seed = fc.integer()

describe('SequentialSampler', () => {
  it('counts', () => {
    expect(draw(new SequentialSampler({ length: 4 }))).toEqual([0, 1, 2, 3])
    expect(draw(new SequentialSampler({ length: 0 }))).toEqual([])
  })
})

describe('RandomSampler', () => {
  it('gives a permutation that is a function of the generator', () => {
    fc.assert(
      fc.property(size, seed, (length, start) => {
        const sampler = new RandomSampler({ length })
        const order = draw(sampler, start)
        expect(sorted(order)).toEqual(upTo(length))
        expect(draw(sampler, start)).toEqual(order)
        expect(sampler.length).toBe(length)
      }),
    )
  })

  it('gives as many as numSamples: whole permutations, then a part of one', () => {
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 200 }), seed, (length, numSamples, start) => {
        const order = draw(new RandomSampler({ length }, { numSamples }), start)
        expect(order).toHaveLength(numSamples)
        for (let from = 0; from < numSamples; from += length) {
          const part = order.slice(from, from + length)
          expect(new Set(part).size).toBe(part.length)
        }
      }),
    )
  })

  it('draws each for itself with replacement', () => {
    const order = draw(new RandomSampler({ length: 10 }, { replacement: true }))
    expect(order).toHaveLength(10)
    expect(new Set(order).size).toBeLessThan(10)
    expect(order.every((index) => index >= 0 && index < 10)).toBe(true)
  })

  it.each([0, -1, 1.5])('refuses numSamples %d', (numSamples) => {
    expect(() => new RandomSampler({ length: 3 }, { numSamples })).toThrow(ArgumentError)
  })
})

describe('WeightedRandomSampler', () => {
  /** 4.4 standard deviations of each count: by chance beyond it in about 1 of 100,000 counts. */
  const expectShares = (counts: readonly number[], shares: readonly number[]) => {
    const total = counts.reduce((sum, count) => sum + count, 0)
    counts.forEach((count, index) => {
      const share = shares[index]!
      expect(Math.abs(count - share * total)).toBeLessThanOrEqual(
        4.4 * Math.sqrt(total * share * (1 - share)),
      )
    })
  }
  const count = (indices: readonly number[], length: number) =>
    upTo(length).map((index) => indices.filter((other) => other === index).length)

  it('draws in proportion to the weights, and never a weight of 0', () => {
    const order = draw(new WeightedRandomSampler([0, 1, 0, 2, 5, 0], 8000))
    expectShares(count(order, 6), [0, 1 / 8, 0, 2 / 8, 5 / 8, 0])
  })

  it('draws without replacement with the chances of one draw after the other', () => {
    const sampler = new WeightedRandomSampler([1, 2, 5], 2, { replacement: false })
    const generator = new Generator(4)
    const orders = Array.from({ length: 4000 }, () => [...sampler.indices(generator)])
    expectShares(
      count(
        orders.map(([first]) => first!),
        3,
      ),
      [1 / 8, 2 / 8, 5 / 8],
    )
    // Second is 0: after 1, with 1 of the 6 that are left, or after 2, with 1 of 3.
    expectShares(
      count(
        orders.map(([, second]) => second!),
        3,
      ),
      [1 / 24 + 5 / 24, 2 / 56 + 10 / 24, 5 / 56 + 10 / 48],
    )
  })

  it('gives every positive weight once when all are drawn without replacement', () => {
    const order = draw(new WeightedRandomSampler([3, 0, 1, 2], 3, { replacement: false }))
    expect(sorted(order)).toEqual([0, 2, 3])
  })

  it.each<[string, number[], number, boolean]>([
    ['a negative weight', [1, -1], 1, true],
    ['an infinite weight', [1, Infinity], 1, true],
    ['NaN', [1, NaN], 1, true],
    ['no positive weight', [0, 0], 1, true],
    ['too few positive weights', [1, 1, 0], 3, false],
    ['no samples', [1], 0, true],
  ])('refuses %s', (_, weights, numSamples, replacement) => {
    expect(() => new WeightedRandomSampler(weights, numSamples, { replacement })).toThrow(ArgumentError)
  })
})

describe('BatchSampler', () => {
  it('keeps the order, in batches of the size, and says how many', () => {
    fc.assert(
      fc.property(
        fc.nat(60),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        (length, batchSize, dropLast) => {
          const sampler = new BatchSampler(new SequentialSampler({ length }), batchSize, dropLast)
          const batches = [...sampler.batches(new Generator())]
          expect(batches).toHaveLength(sampler.length)
          const kept = dropLast ? length - (length % batchSize) : length
          expect(batches.flat()).toEqual(upTo(kept))
          expect(batches.slice(0, -1).every((batch) => batch.length === batchSize)).toBe(true)
        },
      ),
    )
  })
})
