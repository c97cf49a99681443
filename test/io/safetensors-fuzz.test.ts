import { readFile } from 'node:fs/promises'

import { expect, it } from 'vitest'

import { sizeOf } from '../../src/core/shape.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { decodeSafetensors, type SafetensorsFile } from '../../src/io/safetensors-decode.ts'
import { encodeSafetensors } from '../../src/io/safetensors-encode.ts'
import { fuzz, fuzzCases, type FuzzSeed } from './fuzz.ts'

const fixture = (name: string) =>
  readFile(new URL(`../fixtures/safetensors/${name}`, import.meta.url)).then((bytes) => new Uint8Array(bytes))

/** Damages the header alone, and keeps its length right, so that the damage gets past the first check. */
function withHeader(file: Uint8Array): Pick<FuzzSeed, 'bytes' | 'wrap'> {
  const end = 8 + new DataView(file.buffer, file.byteOffset).getUint32(0, true)
  const wrap = (header: Uint8Array) => {
    const bytes = new Uint8Array(8 + header.length + file.length - end)
    new DataView(bytes.buffer).setUint32(0, header.length, true)
    bytes.set(header, 8)
    bytes.set(file.subarray(end), 8 + header.length)
    return bytes
  }
  return { bytes: file.subarray(8, end), wrap }
}

/** No tensor is of bytes that the file hasn't, and each has the elements of its shape. */
function fits({ tensors }: SafetensorsFile, file: Uint8Array): boolean {
  const all = [...tensors.values()]
  // float16 becomes float32, and int8 int32: at most four bytes for one.
  const bytes = all.reduce((sum, { data }) => sum + data.byteLength, 0)
  return bytes <= 4 * file.length && all.every(({ data, shape }) => data.length === sizeOf(shape))
}

it('a damaged file gives a typed error or tensors that fit, in little time and memory', async () => {
  const small = encodeSafetensors(
    new Map([
      ['a', Tensor.from([1, 2, 3])],
      ['b', Tensor.full([1, 1], 1, 'bool')],
    ]),
    { x: 'y' },
  )
  const files = [await fixture('all.safetensors'), await fixture('crooked.safetensors'), small]
  const seeds = files.flatMap((bytes, index): FuzzSeed[] => [
    { name: `file ${index}`, bytes },
    { name: `header of file ${index}`, ...withHeader(bytes) },
  ])
  const report = await fuzz(seeds, (file) => decodeSafetensors(file), {
    cases: Math.max(fuzzCases, 20_000),
    isRight: (value, _, file) => fits(value, file),
  })
  expect(report.read).toBeGreaterThan(report.cases / 100)
  expect(report.refused).toBeGreaterThan(report.cases / 2)
})
