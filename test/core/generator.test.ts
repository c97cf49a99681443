import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ArgumentError } from '../../src/core/errors.ts'
import { Generator } from '../../src/core/generator.ts'

const draw = (generator: Generator, count = 5) => Array.from({ length: count }, () => generator.random())

describe('Generator', () => {
  it('repeats with the same seed and differs with another', () => {
    expect(draw(new Generator(7))).toEqual(draw(new Generator(7)))
    expect(draw(new Generator(7))).not.toEqual(draw(new Generator(8)))
  })

  it('continues where it was saved', () => {
    const generator = new Generator(1)
    draw(generator)
    const saved = generator.state()
    const expected = draw(generator)
    expect(draw(Generator.fromState(JSON.parse(JSON.stringify(saved)) as number[]))).toEqual(expected)
  })

  it('forks by key without moving', () => {
    const generator = new Generator(1)
    const before = generator.state()
    expect(draw(generator.fork(3))).toEqual(draw(generator.fork(3)))
    expect(draw(generator.fork(3))).not.toEqual(draw(generator.fork(4)))
    expect(generator.state()).toEqual(before)
  })

  it('forks differently after it has moved', () => {
    const generator = new Generator(1)
    const first = draw(generator.fork(3))
    generator.random()
    expect(draw(generator.fork(3))).not.toEqual(first)
  })

  it('permutes', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 200 }), (seed, n) => {
        const sorted = new Generator(seed).permutation(n).sort((a, b) => a - b)
        expect(sorted).toEqual(Array.from({ length: n }, (_, index) => index))
      }),
    )
  })

  it('has the mean and deviation of the distributions', () => {
    const generator = new Generator(3)
    const values = Array.from({ length: 20_000 }, () => generator.normal(2, 3))
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    expect(Math.abs(mean - 2)).toBeLessThan(0.1)
    expect(Math.abs(Math.sqrt(variance) - 3)).toBeLessThan(0.1)
  })

  it('refuses an empty range and a seed that is no integer', () => {
    expect(() => new Generator(0).integer(3, 3)).toThrow(ArgumentError)
    expect(() => new Generator(0.5)).toThrow(ArgumentError)
  })
})
