import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { AbortError, FileSystemError } from '../../src/core/errors.ts'
import { readFile } from '../../src/platform/node-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'parallel-read-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** Bytes of no period that chunks could hide in. */
function write(name: string, length: number): [path: string, bytes: Uint8Array] {
  const bytes = new Uint8Array(Uint32Array.from({ length: length / 4 }, (_, index) => index).buffer)
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return [path, bytes]
}

describe('reading a large file', () => {
  it('gives all of its bytes in order, whatever its size', async () => {
    for (const length of [8 << 20, (8 << 20) - 4, (11 << 20) + 4]) {
      const [path, bytes] = write('large', length)
      expect(Buffer.compare(await readFile(path), bytes)).toBe(0)
    }
  })

  it('gives memory of its own, from its start', async () => {
    const [path] = write('own', 8 << 20)
    const { buffer, byteOffset } = await readFile(path)
    expect([byteOffset, buffer.byteLength]).toEqual([0, 8 << 20])
  })

  it('stops when aborted', async () => {
    const [path] = write('abort', 64 << 20)
    const aborter = new AbortController()
    const reading = readFile(path, aborter.signal)
    setTimeout(() => {
      aborter.abort()
    }, 1)
    await expect(reading).rejects.toThrow(AbortError)
  })

  it('names a folder as what it is', async () => {
    await expect(readFile(folder)).rejects.toThrow(FileSystemError)
    await expect(readFile(folder)).rejects.toThrow(/it is a folder/)
  })
})
