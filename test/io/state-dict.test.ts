import { describe, expect, it } from 'vitest'

import { FileFormatError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { decodePth } from '../../src/io/pth-decode.ts'
import type { PthValue } from '../../src/io/pth-value.ts'
import { readStateDict } from '../../src/io/read-state-dict.ts'
import { encodeSafetensors } from '../../src/io/safetensors-encode.ts'
import { findStateDict } from '../../src/io/state-dict.ts'
import { described, expectedTensors, fixture, fixturePath } from './fixtures.ts'

const names = ['0.weight', '0.bias']

/** A checkpoint that `make.py` describes. */
function nested(name: string): PthValue {
  return (decodePth(fixture('nested.pth')) as Map<string, PthValue>).get(name)!
}

describe('findStateDict', () => {
  it('gives a state dict itself, in order', () => {
    const stateDict = findStateDict(decodePth(fixture('state-dict.pth')))
    expect([...stateDict.keys()]).toEqual(Object.keys(expectedTensors('state-dict.pth')))
  })

  it('finds the only one in a checkpoint, and passes over the state of optimizers and generators', () => {
    expect([...findStateDict(nested('model')).keys()]).toEqual(names)
    expect([...findStateDict(nested('deep')).keys()]).toEqual(names)
    expect([...findStateDict(decodePth(fixture('checkpoint.pth'))).keys()]).toContain('1.num_batches_tracked')
  })

  it('takes off the prefixes of DataParallel and torch.compile, unless told to keep them', () => {
    expect([...findStateDict(nested('compiled')).keys()]).toEqual(names)
    const kept = findStateDict(nested('deep'), { keepPrefix: true })
    expect([...kept.keys()]).toEqual(['module.0.weight', 'module.0.bias'])
    const mixed = new Map([
      ['module.a', Tensor.from(1)],
      ['b', Tensor.from(2)],
    ])
    expect(findStateDict(mixed)).toEqual(mixed)
  })

  it('names all of several, and takes the one that is asked for', () => {
    expect(() => findStateDict(nested('both'), { source: 'a.pth' })).toThrow(
      /a\.pth holds 2 state dicts: 'model', 'model_ema'\. Choose one: { key: 'model' }/,
    )
    expect([...findStateDict(nested('both'), { key: 'model_ema' }).keys()]).toEqual(names)
    const key = ['trainer', 'net']
    expect([...findStateDict(nested('deep'), { key }).keys()]).toEqual(names)
  })

  it('names how to choose one that lies deep', () => {
    const deep = new Map([['a', nested('both')]])
    expect(() => findStateDict(deep)).toThrow(/\['a', 'model'\].*{ key: \['a', 'model'\] }/)
  })

  it('says what is there where a key is missing', () => {
    expect(() => findStateDict(nested('both'), { key: 'ema' })).toThrow(
      /nothing under the key 'ema'; there it has 'model', 'model_ema', 'optimizer'/,
    )
    expect(() => findStateDict(nested('deep'), { key: ['rng', 'cpu', 'x'] })).toThrow(/has no keys/)
  })

  it('says what it found instead', () => {
    expect(() => findStateDict(nested('none'))).toThrow(
      /holds no state dict: 'optimizer' is a dict, and nothing in it is one.*model\.state_dict\(\)/,
    )
  })

  it('is not slowed down by a prefix of thousands', () => {
    const long = new Map([[`${'module.'.repeat(50_000)}w`, Tensor.from(1)]])
    expect([...findStateDict(long).keys()]).toEqual(['w'])
  })

  it.each([
    [null, 'None'],
    [[1], 'a list'],
    [Tensor.from(1), 'a tensor'],
    ['x', 'a string'],
  ])('refuses %s', (value, what) => {
    expect(() => findStateDict(value)).toThrow(FileFormatError)
    expect(() => findStateDict(value)).toThrow(what)
  })
})

describe('readStateDict', () => {
  it('reads a path, whatever its name', async () => {
    const stateDict = await readStateDict(fixturePath('state-dict.pth'))
    const expected = expectedTensors('state-dict.pth')
    expect([...stateDict].map(([key, tensor]) => [key, described(tensor)])).toEqual(Object.entries(expected))
  })

  it('takes the state dict out of a checkpoint, with its key or without', async () => {
    const bytes = fixture('checkpoint.pth')
    const stateDict = await readStateDict(bytes, { key: 'state_dict' })
    expect([...stateDict.keys()]).toEqual(Object.keys(expectedTensors('state-dict.pth')))
    expect(await readStateDict(bytes)).toEqual(stateDict)
    await expect(readStateDict(bytes, { key: 'model' })).rejects.toThrow(/nothing under the key 'model'/)
  })

  it('reads the format of before PyTorch 1.6', async () => {
    const stateDict = await readStateDict(fixture('legacy-state-dict.pth'))
    const expected = expectedTensors('legacy-state-dict.pth')
    expect([...stateDict].map(([key, tensor]) => [key, described(tensor)])).toEqual(Object.entries(expected))
  })

  it('gives float32 for float64, as load_state_dict rounds it, unless told to keep it', async () => {
    const bytes = fixture('written.pth')
    expect((await readStateDict(bytes)).get('float64')).toEqual(Tensor.from([[0.1], [-2.5]]))
    const stored = await readStateDict(bytes, { floats: 'stored' })
    expect(stored.get('float64')).toEqual(Tensor.from([[0.1], [-2.5]], 'float64'))
    expect(stored.get('int64')!.dtype).toBe('int64')
  })

  it('takes a prefix off .safetensors too', async () => {
    const bytes = encodeSafetensors(new Map([['module.w', Tensor.from([1])]]))
    expect([...(await readStateDict(bytes)).keys()]).toEqual(['w'])
    expect([...(await readStateDict(bytes, { keepPrefix: true })).keys()]).toEqual(['module.w'])
  })

  it.each([
    ['text', new TextEncoder().encode('hello, world'), /no file of weights/],
    ['nothing', new Uint8Array(), /is empty/],
    ['a .safetensors file with data missing', new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 0x7b]), /safetensors/],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(readStateDict(bytes)).rejects.toThrow(FileFormatError)
    await expect(readStateDict(bytes)).rejects.toThrow(message)
  })
})
