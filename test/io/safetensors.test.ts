import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { DType } from '../../src/core/dtype.ts'
import { AbortError, ArgumentError, FileFormatError, FileSystemError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { readStateDict } from '../../src/io/read-state-dict.ts'
import { decodeSafetensors } from '../../src/io/safetensors-decode.ts'
import { encodeSafetensors } from '../../src/io/safetensors-encode.ts'
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts'
import { described, type DescribedTensor } from './fixtures.ts'

const path = (name: string): string => new URL(`../fixtures/safetensors/${name}`, import.meta.url).pathname
const fixture = async (name: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await readFile(path(name)))

let expected: { metadata: Record<string, string>; tensors: Record<string, DescribedTensor> }
let root: string
beforeAll(async () => {
  expected = JSON.parse(await readFile(path('expected.json'), 'utf8')) as typeof expected
  root = await mkdtemp(join(tmpdir(), 'safetensors-'))
})
afterAll(() => rm(root, { recursive: true }))

function describeAll(tensors: ReadonlyMap<string, Tensor>): Record<string, DescribedTensor> {
  return Object.fromEntries([...tensors].map(([name, tensor]) => [name, described(tensor)]))
}

describe('readSafetensors', () => {
  it('reads every element type as numpy wrote it, and the metadata', async () => {
    const { tensors, metadata } = await readSafetensors(path('all.safetensors'))
    expect(describeAll(tensors)).toEqual(expected.tensors)
    expect(metadata).toEqual(expected.metadata)
    for (const name of ['float32', 'float16', 'bfloat16']) expect(tensors.get(name)!.data[1]).toBe(-0)
  })

  it('reads data that are not aligned, in a file or in bytes that start anywhere', async () => {
    const file = await fixture('crooked.safetensors')
    const shifted = new Uint8Array(file.length + 3).subarray(3)
    const shared = new Uint8Array(new SharedArrayBuffer(file.length))
    for (const bytes of [file, shifted, shared]) {
      if (bytes !== file) bytes.set(file)
      const { tensors, metadata } = await readSafetensors(bytes)
      const names = ['uint8', 'float64', 'bool', 'float32', 'int64', 'float16']
      expect([...tensors.keys()]).toEqual(names)
      expect(describeAll(tensors)).toEqual(
        Object.fromEntries(names.map((name) => [name, expected.tensors[name]])),
      )
      expect(metadata).toEqual({})
    }
  })

  it('does not copy what is aligned', async () => {
    const bytes = await fixture('all.safetensors')
    expect((await readSafetensors(bytes)).tensors.get('float32')!.data.buffer).toBe(bytes.buffer)
  })

  it('names the path of a missing file, and stops when aborted', async () => {
    await expect(readSafetensors('no-such.safetensors')).rejects.toThrow(FileSystemError)
    const aborted = readSafetensors(path('all.safetensors'), { signal: AbortSignal.abort() })
    await expect(aborted).rejects.toThrow(AbortError)
  })
})

describe('writeSafetensors', () => {
  it('writes the bytes that numpy writes by the format’s description', async () => {
    const file = await fixture('ours.safetensors')
    const { tensors, metadata } = decodeSafetensors(file)
    const target = join(root, 'ours.safetensors')
    await writeSafetensors(target, tensors, { metadata })
    expect(new Uint8Array(await readFile(target))).toEqual(file)
    expect(await readdir(root)).toEqual(['ours.safetensors'])
  })

  it('keeps names, order, types, shapes and values, and aligns the data', () => {
    fc.assert(
      fc.property(namedTensors, fc.dictionary(fc.string(), fc.string()), (tensors, metadata) => {
        const bytes = encodeSafetensors(tensors, metadata)
        const read = decodeSafetensors(bytes)
        expect(new Set(read.tensors.keys())).toEqual(new Set(tensors.keys()))
        for (const [name, tensor] of tensors) {
          const back = read.tensors.get(name)!
          expect(back.equals(tensor)).toBe(true)
          if (tensor.dtype !== 'bool') expect(back.data.buffer).toBe(bytes.buffer)
        }
        expect(read.metadata).toEqual(metadata)
      }),
    )
  })

  it('refuses a tensor by the name of the metadata, and names a missing folder', async () => {
    const reserved = new Map([['__metadata__', Tensor.from([1])]])
    expect(() => encodeSafetensors(reserved)).toThrow(ArgumentError)
    const target = join(root, 'none', 'a.safetensors')
    await expect(writeSafetensors(target, new Map())).rejects.toThrow(`can't write ${target}`)
  })
})

const dtypes: DType[] = ['float32', 'float64', 'int32', 'int64', 'uint8', 'bool']
const anyTensor = fc
  .tuple(fc.constantFrom(...dtypes), fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }), fc.nat(1))
  .map(([dtype, shape, value]) => Tensor.full(shape, value, dtype) as Tensor)
const namedTensors = fc
  .array(
    fc.tuple(
      fc.string().filter((name) => name !== '__metadata__'),
      anyTensor,
    ),
    { maxLength: 6 },
  )
  .map((entries) => new Map(entries))

describe('readStateDict', () => {
  it('reads a .safetensors file by its content', async () => {
    const stateDict = await readStateDict(await fixture('all.safetensors'), { floats: 'stored' })
    expect(describeAll(stateDict)).toEqual(expected.tensors)
  })

  it.each([0x80, 0x4b50])(
    'takes a header of %i bytes, which begins like a .pth, for what it is',
    async (size) => {
      const tensors = new Map([['w', Tensor.from([1, 2])]])
      const plain = encodeSafetensors(tensors, { pad: '' })
      const used = Number(new DataView(plain.buffer).getBigUint64(0, true))
      // Room for the text is found by steps of 8, as the header is padded.
      const bytes = encodeSafetensors(tensors, { pad: 'x'.repeat(size - used) })
      expect(Number(new DataView(bytes.buffer).getBigUint64(0, true))).toBe(size)
      expect((await readStateDict(bytes)).get('w')!.toList()).toEqual([1, 2])
    },
  )

  it('has no key to look under', async () => {
    const reading = readStateDict(await fixture('all.safetensors'), { key: 'state_dict' })
    await expect(reading).rejects.toThrow(/no keys above its tensors: leave out key/)
  })
})

const f32 = (begin: number, end: number, shape = [(end - begin) / 4]): object => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
})

/** A file of a header, as object or as text, and `dataBytes` zeros. */
function file(header: object | string | Uint8Array, dataBytes: number, claimed?: bigint): Uint8Array {
  const text =
    header instanceof Uint8Array
      ? header
      : new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + text.length + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true)
  bytes.set(text, 8)
  return bytes
}

describe('a damaged or hostile file', () => {
  const entry = JSON.stringify(f32(0, 4))
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(), /0 bytes, fewer than the 8/],
    ['a few bytes', new Uint8Array(7), /7 bytes, fewer than the 8/],
    ['a header beyond the limit', file({}, 0, 100_000_001n), /claims 100000001 bytes, more than the limit/],
    ['a header of 2^64 − 1 bytes', file({}, 0, 2n ** 64n - 1n), /more than the limit/],
    ['a header beyond the file', file({}, 0, 3n), /ends within its header/],
    ['no header', file('', 0), /doesn't begin with '\{'/],
    ['a list as header', file('[]', 0), /doesn't begin with '\{'/],
    ['a header that is no JSON', file('{"a":}', 0), /no JSON/],
    ['a header that is no UTF-8', file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), 0), /no JSON/],
    ['a name twice', file(`{"a":${entry},"a":${entry}}`, 4), /names 'a' twice/],
    ['a name twice, once escaped', file(`{"a":${entry},"\\u0061" :${entry}}`, 4), /names 'a' twice/],
    [
      'a field twice',
      file('{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
      /'dtype' twice/,
    ],
    [
      'metadata that is no texts',
      file({ __metadata__: { epochs: 3 } }, 0),
      /__metadata__ is no object of texts/,
    ],
    ['an entry that is none', file({ a: null }, 0), /'a' has no description/],
    [
      'an unknown element type',
      file({ a: { ...f32(0, 4), dtype: 'F8_E4M3' } }, 4),
      /"F8_E4M3", which can't be read/,
    ],
    ['a type named by a method', file({ a: { ...f32(0, 4), dtype: 'toString' } }, 4), /which can't be read/],
    ['a negative size', file({ a: f32(0, 4, [-1]) }, 4), /no list of integers ≥ 0/],
    ['a size that is no integer', file({ a: f32(0, 4, [1.5]) }, 4), /no list of integers ≥ 0/],
    ['a shape beyond all memory', file({ a: f32(0, 4, [2 ** 40, 2 ** 40]) }, 4), /impossible shape/],
    ['offsets that are none', file({ a: { ...f32(0, 4), data_offsets: [0] } }, 4), /no data_offsets/],
    ['offsets the wrong way round', file({ a: f32(4, 0, [1]) }, 4), /needs 4 bytes, but has -4/],
    [
      'a shape that needs other bytes',
      file({ a: f32(0, 4, [2]) }, 4),
      /shape \[2\] needs 8 bytes, but has 4/,
    ],
    ['data that begin late', file({ a: f32(4, 8) }, 8), /'a' begins at byte 4 of the data, not at 0/],
    ['a gap', file({ a: f32(0, 4), b: f32(8, 12) }, 12), /'b' begins at byte 8 of the data, not at 4/],
    ['an overlap', file({ a: f32(0, 8), b: f32(4, 12) }, 12), /'b' begins at byte 4 of the data, not at 8/],
    ['data cut off', file({ a: f32(0, 8) }, 7), /cut off: its tensors need 8 bytes, but 7 follow/],
    ['data behind the last tensor', file({ a: f32(0, 8) }, 9), /1 bytes follow its last tensor/],
  ])('%s is refused', (_, bytes, message) => {
    const read = () => decodeSafetensors(bytes, 'x.safetensors')
    expect(read).toThrow(FileFormatError)
    expect(read).toThrow(message)
    expect(read).toThrow(/^x\.safetensors/)
  })

  it('keeps a tensor named __proto__ as any other', () => {
    const bytes = file(`{"__proto__":${entry}}`, 4)
    expect([...decodeSafetensors(bytes).tensors.keys()]).toEqual(['__proto__'])
  })

  it('cut or changed anywhere gives an error of ours or tensors within the file', async () => {
    const whole = await fixture('all.safetensors')
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
        const bytes = cut ? whole.slice(0, at) : whole.slice()
        if (!cut) bytes[at] = byte
        try {
          const { tensors } = decodeSafetensors(bytes)
          expect(cut).toBe(false)
          const total = [...tensors.values()].reduce((sum, { size }) => sum + size, 0)
          expect(total).toBeLessThan(whole.length)
        } catch (error) {
          expect(error).toBeInstanceOf(FileFormatError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
