import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { editDistance, nearest } from '../../src/core/edit-distance.ts'

describe('editDistance', () => {
  it.each([
    ['kitten', 'sitting', 3],
    ['saturday', 'sunday', 3],
    ['', 'abc', 3],
    ['same', 'same', 0],
    ['ab', 'ba', 2],
  ])('of %s and %s is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
  })

  it('is a metric', () => {
    const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', '.') })
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, b) === 0).toBe(a === b)
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c))
      }),
    )
  })
})

describe('nearest', () => {
  it('finds a misspelt name, and nothing where nothing is alike', () => {
    const keys = ['conv1.weight', 'layer1.0.conv1.weight', 'fc.weight']
    expect(nearest('fc.weigth', keys)).toBe('fc.weight')
    expect(nearest('backbone.layer1.0.conv1.weight', keys)).toBe('layer1.0.conv1.weight')
    expect(nearest('classifier.out', keys)).toBeUndefined()
    expect(nearest('fc.weight', [])).toBeUndefined()
  })

  it('takes the candidate of the least distance', () => {
    const word = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('a', 'b', 'c') })
    fc.assert(
      fc.property(word, fc.array(word), (name, candidates) => {
        const found = nearest(name, candidates)
        const within = candidates
          .map((candidate) => ({
            distance: editDistance(name, candidate),
            longer: Math.max(name.length, candidate.length),
          }))
          .filter(({ distance, longer }) => distance <= 0.4 * longer)
        if (found === undefined) expect(within).toEqual([])
        else expect(editDistance(name, found)).toBe(Math.min(...within.map(({ distance }) => distance)))
      }),
    )
  })
})
