import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { AbortError, FileSystemError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { readPth } from '../../src/io/pth.ts'
import { decodePth } from '../../src/io/pth-decode.ts'
import type { PthValue } from '../../src/io/pth-value.ts'
import { readStateDict } from '../../src/io/read-state-dict.ts'
import { described, expectedTensors, fixture, fixturePath } from './fixtures.ts'
import { archiveOf, bytesOf } from './pickles.ts'

function readMap(name: string): Map<string, PthValue> {
  return decodePth(fixture(name)) as Map<string, PthValue>
}

function readHalves(halves: Uint16Array<ArrayBuffer>): Tensor<'float32'> {
  const pickle = bytesOf(
    ...[0x80, 2, 'ctorch._utils\n_rebuild_tensor_v2\n((U', 7, 'storage', 'ctorch\nHalfStorage\nU', 1, '0'],
    ...['U', 3, 'cpu', 'J', 0, 0, 1, 0, 't', 'QK', 0, 'J', 0, 0, 1, 0, 0x85, 'K', 1, 0x85, 0x89, 'NtR.'],
  )
  const files = { 'data.pkl': pickle, 'data/0': new Uint8Array(halves.buffer) }
  return decodePth(archiveOf(files)) as Tensor<'float32'>
}

describe('decodePth', () => {
  it.each([
    ...['dtypes.pth', 'views.pth', 'state-dict.pth'],
    ...['legacy-dtypes.pth', 'legacy-views.pth', 'legacy-state-dict.pth'],
    ...['protocol-3.pth', 'protocol-4.pth', 'protocol-5.pth'],
  ])('reads %s as PyTorch wrote it', (name) => {
    const tensors = [...readMap(name)].map(([key, tensor]) => [key, described(tensor)])
    expect(tensors).toEqual(Object.entries(expectedTensors(name)))
  })

  it.each(['dtypes.pth', 'legacy-dtypes.pth'])('keeps the sign of zero in %s', (name) => {
    for (const key of ['float32', 'float64', 'float16', 'bfloat16']) {
      expect((readMap(name).get(key) as Tensor).data[1]).toBe(-0)
    }
  })

  it.each(['views.pth', 'legacy-views.pth'])('lets tensors of %s share memory where PyTorch does', (name) => {
    const views = readMap(name) as Map<string, Tensor<'float32'>>
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

  it('reads half precision exactly, whatever the bits', () => {
    const halves = Uint16Array.from({ length: 0x10000 }, (_, index) => index)
    const tensor = readHalves(halves)
    expect([...tensor.data].slice(0, 3)).toEqual([0, 2 ** -24, 2 ** -23])
    for (const half of halves) {
      const [sign, exponent, mantissa] = [half >>> 15, (half >>> 10) & 31, half & 1023]
      const size = exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25)
      const special = mantissa === 0 ? Infinity : NaN
      const expected = (sign ? -1 : 1) * (exponent === 31 ? special : size)
      if (!Object.is(tensor.data[half], expected)) expect([half, tensor.data[half]]).toEqual([half, expected])
    }
  })

  it('reads what Python 2 wrote: strings of bytes, and ordered dicts from pairs', () => {
    const pairs = bytesOf(']](U', 1, 'a', 'K', 1, 'e', 'a](U', 1, 'b', 'T', 2, 0, 0, 0, 'hi', 'ea')
    const pickle = bytesOf(0x80, 2, 'ccollections\nOrderedDict\n', pairs, 0x85, 'R.')
    expect(decodePth(archiveOf({ 'data.pkl': pickle }))).toEqual(
      new Map<string, unknown>([
        ['a', 1],
        ['b', 'hi'],
      ]),
    )
  })

  it('reads the tensors of before PyTorch 0.4', () => {
    const pickle = bytesOf(
      ...[0x80, 2, 'ctorch._utils\n_rebuild_tensor\n((U', 7, 'storage', 'ctorch\nIntStorage\nU', 1, '0'],
      ...['U', 3, 'cpu', 'K', 2, 't', 'QK', 0, 'K', 2, 0x85, 'K', 1, 0x85, 'tR.'],
    )
    const data = new Uint8Array(Int32Array.of(5, 6).buffer)
    expect(decodePth(archiveOf({ 'data.pkl': pickle, 'data/0': data }))).toEqual(Tensor.from([5, 6], 'int32'))
  })

  it.each(['checkpoint.pth', 'legacy-checkpoint.pth'])('reads the containers of %s', (name) => {
    const checkpoint = decodePth(fixture(name)) as Map<string | number, PthValue>
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
