import type * as promises from 'node:fs/promises'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, vi } from 'vitest'

import { FileSystemError } from '../../src/core/errors.ts'
import { writeFile } from '../../src/platform/node-files.ts'

type Promises = typeof promises

let isFull = false

// A disk that takes half of a file, and then is full.
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<Promises>()
  const open: Promises['open'] = async (...args) => {
    const file = await original.open(...args)
    const write = file.writeFile.bind(file)
    file.writeFile = async (data) => {
      if (!isFull) return write(data)
      await write((data as string).slice(0, 3))
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    }
    return file
  }
  return { ...original, open }
})

it('keeps the old file and removes the half of the new one when the disk fills up', async () => {
  const root = await mkdtemp(join(tmpdir(), 'full-disk-'))
  const path = join(root, 'best.safetensors')
  await writeFile(path, 'the old one')
  isFull = true
  const failing = writeFile(path, 'the new one')
  await expect(failing).rejects.toThrow(FileSystemError)
  await expect(failing).rejects.toThrow(`can't write ${path}: the disk is full: free some space`)
  expect(await readdir(root)).toEqual(['best.safetensors'])
  expect(await readFile(path, 'utf8')).toBe('the old one')
  await rm(root, { recursive: true })
})
