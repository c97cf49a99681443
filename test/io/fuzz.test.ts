import { describe, expect, it } from 'vitest'

import { FileFormatError } from '../../src/core/errors.ts'
import { Generator } from '../../src/core/generator.ts'
import { fuzz, mutations } from './fuzz.ts'

const bytes = Uint8Array.from({ length: 300 }, (_, index) => index)
const seed = { name: 'bytes', bytes }

function take(count: number, from: Uint8Array, start = 0): Uint8Array[] {
  const source = mutations(from, new Generator(start))
  return Array.from({ length: count }, () => source.next().value)
}

describe('mutations', () => {
  it('are the same for the same seed, and leave the bytes alone', () => {
    const before = bytes.slice()
    expect(take(200, bytes)).toEqual(take(200, bytes))
    expect(take(200, bytes)).not.toEqual(take(200, bytes, 1))
    expect(bytes).toEqual(before)
  })

  it('nearly all differ, in bytes and in length', () => {
    const mutants = take(500, bytes)
    const texts = new Set(mutants.map((mutant) => Buffer.from(mutant).toString('base64')))
    expect(texts.size).toBeGreaterThan(400)
    expect(new Set(mutants.map(({ length }) => length)).size).toBeGreaterThan(50)
  })

  it('can be made of nothing', () => {
    expect(take(100, new Uint8Array()).some(({ length }) => length > 0)).toBe(true)
  })
})

describe('fuzz', () => {
  it('counts what is read and what is refused', async () => {
    const read = (file: Uint8Array) => {
      if (file.length !== 300) throw new FileFormatError('other length')
      return file
    }
    const report = await fuzz([seed], read, { cases: 100 })
    expect(report.read + report.refused).toBe(100)
    expect(Math.min(report.read, report.refused)).toBeGreaterThan(0)
  })

  it.each([
    [
      'an error of another class',
      () => {
        throw new RangeError('oops')
      },
      /threw RangeError: oops/,
    ],
    ['too much memory', () => new Uint8Array(64 << 20), /allocated \d+ bytes/],
  ])('reports %s, with the file', async (_, read, message) => {
    await expect(fuzz([seed], read, { cases: 1 })).rejects.toThrow(message)
    await expect(fuzz([seed], read, { cases: 1 })).rejects.toThrow(/case 0 of 'bytes'.*\n[\w+/]+=*$/)
  })

  it('reports what is read wrongly, and what takes long', async () => {
    const wrong = fuzz([seed], () => 1, { cases: 1, isRight: () => false })
    await expect(wrong).rejects.toThrow(/was read wrongly/)
    const slow = fuzz([seed], () => new Promise((resolve) => setTimeout(resolve, 20)), {
      cases: 1,
      mostMilliseconds: 5,
    })
    await expect(slow).rejects.toThrow(/took/)
  })

  it('damages the part and reads the whole', async () => {
    const wrap = (part: Uint8Array) => Uint8Array.from([1, 2, 3, ...part])
    const isRight = (_: unknown, __: unknown, file: Uint8Array) => file[0] === 1 && file[2] === 3
    expect((await fuzz([{ ...seed, wrap }], (file) => file, { cases: 50, isRight })).read).toBe(50)
  })
})
