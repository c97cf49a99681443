import { isDeepStrictEqual } from 'node:util'

import { describe, expect, it } from 'vitest'

import { Tensor } from '../../src/core/tensor.ts'
import { decodePth } from '../../src/io/pth-decode.ts'
import { encodePth } from '../../src/io/pth-encode.ts'
import type { PthValue } from '../../src/io/pth-value.ts'
import { readStateDict } from '../../src/io/read-state-dict.ts'
import { readZip } from '../../src/io/zip.ts'
import { fixture } from './fixtures.ts'
import { fuzz, fuzzCases, type FuzzReport, type FuzzSeed } from './fuzz.ts'
import { zipOf } from './pickles.ts'

const file = (name: string): FuzzSeed => ({ name, bytes: fixture(name) })

/** The pickle of a file, damaged with a right checksum over it. */
function pickleOf(name: string): FuzzSeed {
  const entries = [...readZip(fixture(name), name).values()]
  const pickle = entries.find((entry) => entry.name.endsWith('/data.pkl'))!
  const wrap = (part: Uint8Array) =>
    zipOf(entries.map((entry) => [entry.name, entry === pickle ? part : entry.bytes]))
  return { name: `the pickle of ${name}`, bytes: pickle.bytes, wrap }
}

const small = encodePth(new Map([['w', Tensor.from([1, 2, 3])]]))
const archives = ['dtypes.pth', 'views.pth', 'state-dict.pth', 'checkpoint.pth', 'written.pth']
const legacy = ['legacy-dtypes.pth', 'legacy-views.pth', 'legacy-state-dict.pth', 'legacy-checkpoint.pth']
const attacks = ['attack-system.pth', 'attack-nested.pth', 'compressed.pth', 'script.pth', 'protocol-5.pth']

/** Checksums guard all of an archive: what is read is what was written. */
function isUnchanged(value: PthValue, { bytes }: FuzzSeed): boolean {
  return isDeepStrictEqual(value, decodePth(bytes))
}

/** Nothing tells what a legacy file said before it was damaged; what is read must at least be whole, and of no more than can be asked for. */
function isWhole(value: PthValue, _: FuzzSeed, { length }: Uint8Array): boolean {
  const buffers = new Set<ArrayBuffer>()
  const visit = (item: PthValue): boolean => {
    if (item instanceof Tensor) {
      const { data, dtype } = item
      buffers.add(data.buffer)
      return dtype !== 'bool' || (data as Uint8Array).every((byte) => byte <= 1)
    }
    if (item instanceof Map) return [...(item as ReadonlyMap<unknown, PthValue>).values()].every(visit)
    if (Array.isArray(item)) return (item as readonly PthValue[]).every(visit)
    return item === null || ['boolean', 'number', 'bigint', 'string'].includes(typeof item)
  }
  const isPlain = visit(value)
  const bytes = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0)
  return isPlain && bytes <= (16 << 20) + 14 * length
}

function expectBoth(report: FuzzReport): void {
  if (process.env.FUZZ_CASES !== undefined) console.log(report)
  expect(report.read).toBeGreaterThan(0)
  expect(report.refused).toBeGreaterThan(0)
}

describe(`of ${fuzzCases} damaged .pth files each is refused by a typed error, or read rightly`, () => {
  const timeout = 60_000 + 20 * fuzzCases

  it('where it is an archive', { timeout }, async () => {
    const seeds = [...archives.map(file), { name: 'small', bytes: small }]
    expectBoth(await fuzz(seeds, (bytes) => decodePth(bytes), { isRight: isUnchanged }))
  })

  it('where it is a pickle in an archive', { timeout }, async () => {
    const seeds = [...archives, ...attacks.filter((name) => name !== 'compressed.pth')].map(pickleOf)
    expectBoth(await fuzz(seeds, (bytes) => decodePth(bytes), { seed: 1, isRight: isWhole }))
  })

  it('where it is of the legacy format', { timeout }, async () => {
    expectBoth(await fuzz(legacy.map(file), (bytes) => decodePth(bytes), { seed: 2, isRight: isWhole }))
  })

  it('where it is read as a state dict, attacks among them', { timeout }, async () => {
    const seeds = [...archives, ...legacy, ...attacks].map(file)
    expectBoth(await fuzz(seeds, (bytes) => readStateDict(bytes), { seed: 3 }))
  })
})
