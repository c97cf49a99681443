import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { FileFormatError, FileSystemError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { readStateDict } from '../../src/io/read-state-dict.ts'
import { encodeSafetensors } from '../../src/io/safetensors-encode.ts'
import { fixture } from './fixtures.ts'
import { fuzz } from './fuzz.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sharded-'))
})
afterEach(() => rm(root, { recursive: true }))

const first = 'model-00001-of-00002.safetensors'
const second = 'model-00002-of-00002.safetensors'
const weightMap: Record<string, string> = { 'conv.weight': first, 'fc.bias': second, 'conv.bias': first }

async function put(name: string, content: string | Uint8Array | Record<string, Tensor>): Promise<string> {
  const path = join(root, name)
  await mkdir(dirname(path), { recursive: true })
  const isFile = typeof content === 'string' || content instanceof Uint8Array
  await writeFile(path, isFile ? content : encodeSafetensors(new Map(Object.entries(content))))
  return path
}

const putIndex = (map: unknown) =>
  put(
    'model.safetensors.index.json',
    JSON.stringify({ metadata: { total_size: 16 }, weight_map: map }, null, 2),
  )

/** Two shards of three tensors, and their index. */
async function putModel(): Promise<string> {
  await put(first, { 'conv.weight': Tensor.from([1, 2]), 'conv.bias': Tensor.from([3]) })
  await put(second, { 'fc.bias': Tensor.from([4]) })
  return putIndex(weightMap)
}

const lists = (tensors: ReadonlyMap<string, Tensor>) =>
  [...tensors].map(([key, tensor]): [string, unknown] => [key, tensor.toList()])

const expected = [
  ['conv.weight', [1, 2]],
  ['fc.bias', [4]],
  ['conv.bias', [3]],
]

describe('weights in several files', () => {
  it('are read by the path of their index, in its order', async () => {
    expect(lists(await readStateDict(await putModel()))).toEqual(expected)
  })

  it('are read by the path of their folder, whatever else lies there', async () => {
    await putModel()
    await put('README.md', 'a model')
    await put('pytorch_model.bin', 'PK, older')
    expect(lists(await readStateDict(root))).toEqual(expected)
  })

  it('may be .pth files', async () => {
    const bytes = fixture('state-dict.pth')
    const whole = await readStateDict(bytes)
    await put('pytorch_model-00001-of-00001.bin', bytes)
    const map = Object.fromEntries([...whole.keys()].map((key) => [key, 'pytorch_model-00001-of-00001.bin']))
    await put('pytorch_model.bin.index.json', JSON.stringify({ weight_map: map }))
    expect([...(await readStateDict(root)).keys()]).toEqual([...whole.keys()])
  })

  it('name all files that are missing', async () => {
    const index = await putModel()
    await rm(join(root, second))
    await expect(readStateDict(index)).rejects.toThrow(FileSystemError)
    await expect(readStateDict(index)).rejects.toThrow(
      `1 of its 2 files of weights are not beside it: ${second}`,
    )
    await rm(join(root, first))
    await expect(readStateDict(index)).rejects.toThrow(`${first}, ${second}`)
  })

  it.each<[string, Record<string, string>, RegExp]>([
    ['that a shard lacks', { ...weightMap, 'bn.weight': second }, /00002.* lacks bn\.weight/],
    [
      'that another shard has',
      { ...weightMap, 'conv.bias': second },
      /00001.*has conv\.bias, which the index doesn't say/,
    ],
    ['that are in no map', { 'conv.weight': first, 'fc.bias': second }, /00001.*has conv\.bias/],
  ])('are refused with tensors %s', async (_, map, message) => {
    await putModel()
    const index = await putIndex(map)
    await expect(readStateDict(index)).rejects.toThrow(FileFormatError)
    await expect(readStateDict(index)).rejects.toThrow(message)
  })

  it.each([
    '../secret.safetensors',
    '/etc/passwd',
    'a/b.safetensors',
    'a\\b',
    '..',
    '',
    'C:x',
    'a\0b',
    3,
    null,
  ])('are never looked for at %j', async (shard) => {
    await put('../secret.safetensors', { w: Tensor.from([1]) })
    const index = await putIndex({ w: shard })
    await expect(readStateDict(index)).rejects.toThrow(FileFormatError)
    await expect(readStateDict(index)).rejects.toThrow(/'w' is in .*no plain file name/)
    await rm(join(root, '../secret.safetensors'))
  })

  it.each<[string, string, RegExp]>([
    ['no JSON', '{"weight_map": ', /no JSON/],
    ['no weight_map', '{"metadata": {}}', /no weight_map/],
    ['a list', '{"weight_map": ["a"]}', /no weight_map/],
    ['a tensor twice', '{"weight_map": {"w": "a", "w": "b"}}', /names 'w' twice/],
  ])('with an index of %s are refused', async (_, text, message) => {
    const index = await put('model.safetensors.index.json', text)
    await expect(readStateDict(index)).rejects.toThrow(FileFormatError)
    await expect(readStateDict(index)).rejects.toThrow(message)
  })

  it('with an index that names itself end', async () => {
    const index = await putIndex({ w: 'model.safetensors.index.json' })
    await expect(readStateDict(index)).rejects.toThrow(FileFormatError)
  })

  it('that are a folder are refused', async () => {
    await mkdir(join(root, first))
    await expect(readStateDict(await putIndex({ w: first }))).rejects.toThrow('it is a folder')
  })

  it('with a damaged index give a typed error or the tensors', async () => {
    await putModel()
    const bytes = new TextEncoder().encode(JSON.stringify({ weight_map: weightMap }))
    const read = async (file: Uint8Array) => readStateDict(await put('damaged.index.json', file))
    const report = await fuzz([{ name: 'index', bytes }], read, {
      cases: 300,
      isRight: (tensors) => [...tensors.values()].every((tensor) => tensor instanceof Tensor),
    })
    expect(report.refused).toBeGreaterThan(100)
  })
})

describe('a folder', () => {
  it('with one file of weights stands for it, .safetensors first', async () => {
    await put('model.safetensors', { w: Tensor.from([1]) })
    await put('pytorch_model.bin', 'PK')
    expect(lists(await readStateDict(root))).toEqual([['w', [1]]])
  })

  it('with several files to choose from names them', async () => {
    await put('a.safetensors', {})
    await put('b.safetensors', {})
    await expect(readStateDict(root)).rejects.toThrow(/one of a\.safetensors, b\.safetensors/)
  })

  it('without weights says what it should have', async () => {
    await expect(readStateDict(root)).rejects.toThrow(/holds no weights: expected a \.safetensors/)
  })
})
