import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { AbortError, FileFormatError, FileSystemError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { readPth, decodePth } from '../../src/io/pth.ts'
import type { PthValue } from '../../src/io/pth-value.ts'
import { readStateDict } from '../../src/io/read-state-dict.ts'
import { stateDictFromPth } from '../../src/io/state-dict.ts'
import { described, expectedTensors, fixture, fixturePath } from './fixtures.ts'

function readMap(name: string): Map<string, PthValue> {
  return decodePth(fixture(name)) as Map<string, PthValue>
}

describe('decodePth', () => {
  it.each(['dtypes.pth', 'views.pth', 'state-dict.pth'])('reads %s as PyTorch wrote it', (name) => {
    const tensors = [...readMap(name)].map(([key, tensor]) => [key, described(tensor)])
    expect(tensors).toEqual(Object.entries(expectedTensors(name)))
  })

  it('keeps the sign of zero', () => {
    for (const key of ['float32', 'float64', 'float16', 'bfloat16']) {
      expect((readMap('dtypes.pth').get(key) as Tensor).data[1]).toBe(-0)
    }
  })

  it('lets tensors share memory where PyTorch does, and only there', () => {
    const views = readMap('views.pth') as Map<string, Tensor<'float32'>>
    views.get('whole')!.data[5] = 99
    expect(views.get('shared')!.data[5]).toBe(99)
    expect(views.get('offset')!.data[0]).toBe(99)
    expect(views.get('channels_last')!.data[5]).toBe(5)
  })

  it('does not copy what is aligned', () => {
    const bytes = fixture('state-dict.pth')
    const weight = (decodePth(bytes) as Map<string, Tensor>).get('0.weight')!
    expect(weight.data.buffer).toBe(bytes.buffer)
  })

  it('reads bytes that start anywhere, or are shared between threads', () => {
    const file = fixture('dtypes.pth')
    const shifted = new Uint8Array(file.length + 3).subarray(3)
    const shared = new Uint8Array(new SharedArrayBuffer(file.length))
    for (const bytes of [shifted, shared]) {
      bytes.set(file)
      const tensors = [...(decodePth(bytes) as Map<string, PthValue>)].map(([key, tensor]) => [
        key,
        described(tensor),
      ])
      expect(tensors).toEqual(Object.entries(expectedTensors('dtypes.pth')))
    }
  })

  it('reads the containers of a checkpoint', () => {
    const checkpoint = decodePth(fixture('checkpoint.pth')) as Map<string | number, PthValue>
    const { state_dict, optimizer, parameter, ...rest } = Object.fromEntries(checkpoint)
    expect(rest).toEqual({
      epoch: 3,
      best: 0.25,
      name: 'modèle 模型',
      done: false,
      nothing: null,
      big: 2n ** 70n,
      negative: -(2 ** 33),
      list: [1, [2, [3, 'x']], new Map()],
      size: [2, 3],
      device: 'cuda:1',
      5: 'five',
      long: Array.from({ length: 2000 }, (_, index) => index),
    })
    expect(described(parameter).values).toEqual([1, 1])
    expect(state_dict).toBeInstanceOf(Map)
    expect((optimizer as Map<string, PthValue>).get('param_groups')).toHaveLength(1)
  })
})

describe('readPth', () => {
  it('reads a path as decodePth reads its bytes', async () => {
    expect(await readPth(fixturePath('views.pth'))).toEqual(decodePth(fixture('views.pth')))
  })

  it('names the path of a missing file', async () => {
    await expect(readPth('no-such-file.pth')).rejects.toThrow(FileSystemError)
    await expect(readPth('no-such-file.pth')).rejects.toThrow(/no-such-file\.pth/)
  })

  it('stops when aborted', async () => {
    await expect(readPth(fixture('views.pth'), { signal: AbortSignal.abort() })).rejects.toThrow(AbortError)
  })
})

describe('stateDictFromPth', () => {
  it('gives the tensors by name, in order', () => {
    const names = Object.keys(expectedTensors('state-dict.pth'))
    expect([...stateDictFromPth(readMap('state-dict.pth')).keys()]).toEqual(names)
  })

  it('names the state dict inside of a checkpoint', () => {
    expect(() => stateDictFromPth(readMap('checkpoint.pth'), 'a.pth')).toThrow(
      /a\.pth holds no plain state dict: 'epoch' is a number.* under 'state_dict'/,
    )
  })

  it.each([
    [null, 'None'],
    [[1], 'a list'],
    [Tensor.from(1), 'a tensor'],
    ['x', 'a string'],
    [undefined, 'a undefined'],
  ])('refuses %s', (value, what) => {
    expect(() => stateDictFromPth(value)).toThrow(FileFormatError)
    expect(() => stateDictFromPth(value)).toThrow(what)
  })
})

describe('readStateDict', () => {
  it('reads a path, whatever its name', async () => {
    const stateDict = await readStateDict(fixturePath('state-dict.pth'))
    const expected = expectedTensors('state-dict.pth')
    expect([...stateDict].map(([key, tensor]) => [key, described(tensor)])).toEqual(Object.entries(expected))
  })

  it('takes the state dict out of a checkpoint by its key', async () => {
    const bytes = fixture('checkpoint.pth')
    const stateDict = await readStateDict(bytes, { key: 'state_dict' })
    expect([...stateDict.keys()]).toEqual(Object.keys(expectedTensors('state-dict.pth')))
    await expect(readStateDict(bytes, { key: 'model' })).rejects.toThrow(/nothing under the key 'model'/)
  })

  it.each([
    ['text', new TextEncoder().encode('hello, world'), /no file of weights/],
    ['nothing', new Uint8Array(), /is empty/],
    ['a .safetensors file with data missing', new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 0x7b]), /safetensors/],
    ['a .pth of before PyTorch 1.6', fixture('legacy.pth'), /before PyTorch 1\.6/],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(readStateDict(bytes)).rejects.toThrow(FileFormatError)
    await expect(readStateDict(bytes)).rejects.toThrow(message)
  })
})

const weights = '../shared/weights/resnet18-imagenet.pth'

describe.skipIf(!existsSync(weights))(`the real weights in ${weights}`, () => {
  it('are read byte for byte', async () => {
    const { count, tensors } = JSON.parse(readFileSync(fixturePath('resnet18.json'), 'utf8')) as {
      count: number
      tensors: Record<string, { shape: number[]; dtype: string; sha256: string }>
    }
    const stateDict = await readStateDict(weights)
    expect(stateDict.size).toBe(count)
    for (const [name, expected] of Object.entries(tensors)) {
      const { shape, dtype, data } = stateDict.get(name)!
      const sha256 = createHash('sha256')
        .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
        .digest('hex')
      expect({ shape, dtype, sha256 }).toEqual(expected)
    }
  })
})
