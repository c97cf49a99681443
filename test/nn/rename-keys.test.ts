import { describe, expect, it } from 'vitest'

import { ArgumentError, StateDictError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { renameKeys } from '../../src/nn/rename-keys.ts'

const state = (...keys: string[]) => new Map(keys.map((key, index) => [key, Tensor.from([index])]))
const namesOf = (tensors: ReadonlyMap<string, Tensor>) =>
  [...tensors].map(([key, tensor]): [string, unknown] => [key, tensor.toList()])

describe('renameKeys', () => {
  const saved = state('module.body.conv.weight', 'module.body.bn.bias', 'module.head.weight', 'step')

  it('renames and leaves out by a function, and keeps the order and the tensors', () => {
    const renamed = renameKeys(saved, (key) => (key === 'step' ? undefined : key.replace('module.', '')))
    expect(namesOf(renamed)).toEqual([
      ['body.conv.weight', [0]],
      ['body.bn.bias', [1]],
      ['head.weight', [2]],
    ])
    expect(renamed.get('head.weight')).toBe(saved.get('module.head.weight'))
    expect(saved.size).toBe(4)
  })

  it('renames by a table: single keys, beginnings, the longest first', () => {
    const table = { 'module.': 'a.', 'module.body.': '', 'module.head.weight': 'fc.weight', step: null }
    expect(namesOf(renameKeys(saved, table))).toEqual([
      ['conv.weight', [0]],
      ['bn.bias', [1]],
      ['fc.weight', [2]],
    ])
    expect([...renameKeys(Object.fromEntries(saved), { 'module.head.': null }).keys()]).toEqual([
      'module.body.conv.weight',
      'module.body.bn.bias',
      'step',
    ])
  })

  it('takes a name without a dot at its end for a whole key', () => {
    expect([...renameKeys(state('fc', 'fc.weight'), { fc: 'head' }).keys()]).toEqual(['head', 'fc.weight'])
  })

  it('refuses two keys for one name, and names that are none', () => {
    expect(() => renameKeys(state('a.w', 'b.w'), { 'a.': '', 'b.': '' })).toThrow(StateDictError)
    expect(() => renameKeys(state('a.w', 'b.w'), { 'a.': '', 'b.': '' })).toThrow(
      "'a.w' and 'b.w' would both be named 'w'",
    )
    expect(() => renameKeys(state('a'), () => 3 as never)).toThrow(ArgumentError)
    expect(() => renameKeys('weights.pth' as never, {})).toThrow(/readStateDict/)
  })
})
