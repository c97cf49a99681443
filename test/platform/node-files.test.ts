import { chmod, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { AbortError, FileSystemError } from '../../src/core/errors.ts'
import {
  fileSystemError,
  listDirectory,
  makeDirectory,
  readFile,
  removeFile,
  writeFile,
} from '../../src/platform/node-files.ts'

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'node-files-'))
})

afterEach(() => rm(root, { recursive: true }))

describe('readFile', () => {
  it('gives what writeFile wrote', async () => {
    await writeFile(join(root, 'a'), Uint8Array.of(1, 2, 3))
    expect(await readFile(join(root, 'a'))).toEqual(Uint8Array.of(1, 2, 3))
    await writeFile(join(root, 'a'), 'ä')
    expect(await readFile(join(root, 'a'))).toEqual(Uint8Array.of(0xc3, 0xa4))
  })

  it('names what is missing, and a folder', async () => {
    const missing = join(root, 'missing')
    await expect(readFile(missing)).rejects.toThrow(FileSystemError)
    await expect(readFile(missing)).rejects.toThrow(`can't read ${missing}: it does not exist`)
    await expect(readFile(root)).rejects.toThrow('it is a folder, not a file')
  })

  it.skipIf(process.getuid?.() === 0)('names what may not be read (not as root, who may all)', async () => {
    await writeFile(join(root, 'secret'), 'x')
    await chmod(join(root, 'secret'), 0)
    await expect(readFile(join(root, 'secret'))).rejects.toThrow('secret: permission denied')
  })

  it('stops when aborted', async () => {
    await writeFile(join(root, 'a'), 'x')
    await expect(readFile(join(root, 'a'), AbortSignal.abort())).rejects.toThrow(AbortError)
  })
})

describe('writeFile', () => {
  it('leaves no temporary file behind, written or not', async () => {
    await writeFile(join(root, 'a'), 'new')
    await mkdir(join(root, 'folder'))
    await expect(writeFile(join(root, 'folder'), 'x')).rejects.toThrow(FileSystemError)
    expect(await readdir(root)).toEqual(['a', 'folder'])
  })

  it('says that the folder is missing', async () => {
    const path = join(root, 'none', 'a')
    await expect(writeFile(path, 'x')).rejects.toThrow(`can't write ${path}: its folder does not exist`)
  })
})

describe('writeFile in pieces', () => {
  it('writes each before it asks for the next, which may have the same memory', async () => {
    async function* pieces() {
      const block = new Uint8Array(1 << 16)
      for (let number = 1; number <= 20; number++) yield await Promise.resolve(block.fill(number))
    }
    await writeFile(join(root, 'a'), pieces())
    const bytes = await readFile(join(root, 'a'))
    expect(bytes.length).toBe(20 << 16)
    expect(bytes.every((byte, at) => byte === 1 + (at >> 16))).toBe(true)
  })

  it('leaves the old file where the pieces break off', async () => {
    await writeFile(join(root, 'a'), 'old')
    async function* pieces() {
      yield await Promise.resolve(Uint8Array.of(1))
      throw new Error('no more')
    }
    await expect(writeFile(join(root, 'a'), pieces())).rejects.toThrow('no more')
    expect(await readdir(root)).toEqual(['a'])
    expect(await readFile(join(root, 'a'))).toEqual(new TextEncoder().encode('old'))
  })
})

describe('removeFile and makeDirectory', () => {
  it('do what is done already without an error', async () => {
    await makeDirectory(join(root, 'a', 'b'))
    await makeDirectory(join(root, 'a', 'b'))
    await writeFile(join(root, 'a', 'b', 'c'), 'x')
    await removeFile(join(root, 'a', 'b', 'c'))
    await removeFile(join(root, 'a', 'b', 'c'))
    expect(await readdir(join(root, 'a', 'b'))).toEqual([])
  })

  it('name what is in the way', async () => {
    await writeFile(join(root, 'a'), 'x')
    await expect(makeDirectory(join(root, 'a'))).rejects.toThrow(
      `can't make the folder ${join(root, 'a')}: there is a file of that name`,
    )
    await expect(makeDirectory(join(root, 'a', 'b'))).rejects.toThrow('a part of the path is a file')
    await expect(removeFile(root)).rejects.toThrow(FileSystemError)
  })
})

describe('listDirectory', () => {
  it('sorts by code points and looks through links, also to nothing', async () => {
    for (const name of ['b', '\uffee', '😀']) await writeFile(join(root, name), '')
    await mkdir(join(root, 'Z'))
    await symlink(join(root, 'Z'), join(root, 'link'))
    await symlink(join(root, 'nothing'), join(root, 'broken'))
    expect(await listDirectory(root)).toEqual([
      { name: 'Z', isDirectory: true },
      { name: 'b', isDirectory: false },
      { name: 'broken', isDirectory: false },
      { name: 'link', isDirectory: true },
      { name: '\uffee', isDirectory: false },
      { name: '😀', isDirectory: false },
    ])
  })

  it('names a file that is no folder', async () => {
    await writeFile(join(root, 'a'), '')
    await expect(listDirectory(join(root, 'a'))).rejects.toThrow('is a file, not a folder')
  })
})

describe('fileSystemError', () => {
  it.each([
    ['ENOSPC', 'the disk is full'],
    ['EACCES', 'permission denied'],
    ['EROFS', 'read-only'],
    ['ESOMETHING', 'as Node says'],
  ])('gives the remedy: %s', (code, remedy) => {
    const cause = Object.assign(new Error('as Node says'), { code })
    const error = fileSystemError('write', 'results/best.pth', cause)
    expect(error.message).toMatch(`can't write results/best.pth: `)
    expect(error.message).toMatch(remedy)
    expect(error.cause).toBe(cause)
  })
})
