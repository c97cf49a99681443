import fc from 'fast-check'
import { expect, it } from 'vitest'

import { parseExactly, stringifyExactly } from '../../src/train/exact-json.ts'

it('gives every number back as it was', () => {
  const value = { loss: [NaN, Infinity, -Infinity, -0, 0, 0.1, 5e-324], nested: { accuracy: NaN } }
  expect(parseExactly(stringifyExactly(value))).toEqual(value)
  fc.assert(
    fc.property(fc.array(fc.double()), (numbers) => {
      expect(parseExactly(stringifyExactly(numbers))).toEqual(numbers)
    }),
  )
})

it('makes no object of another kind', () => {
  const parsed = parseExactly('{"a": {"__proto__": {"polluted": true}}}') as { a: object }
  expect(Object.keys(parsed.a)).toEqual([])
  expect(Object.assign({}, parsed.a)).not.toHaveProperty('polluted')
})
