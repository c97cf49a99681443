import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { AbortError, FileSystemError } from '../../src/core/errors.ts'
import { listDirectory, makeDirectory, readFile, removeFile } from '../../src/platform/web-files.ts'
import { joinPath } from '../../src/platform/web-paths.ts'
import { writeFile } from '../../src/platform/web-write.ts'
import { FakeFolder } from './fake-opfs.ts'

const room = { left: 0 }
const estimate = () => Promise.resolve({ usage: 7e6, quota: 9e6 })
const requests: string[] = []
const served = new Map<string, Response>()

beforeEach(() => {
  room.left = 1e6
  const root = new FakeFolder(room)
  vi.stubGlobal('navigator', {
    onLine: true,
    storage: { getDirectory: () => Promise.resolve(root), estimate },
  })
  vi.stubGlobal('fetch', (url: string) => {
    requests.push(url)
    return Promise.resolve(served.get(url) ?? new Response('', { status: 404 }))
  })
})

afterEach(() => {
  vi.unstubAllGlobals()
  requests.length = 0
})

const text = async (path: string) => new TextDecoder().decode(await readFile(path))

async function* pieces(...parts: (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    await Promise.resolve()
    if (part instanceof Error) throw part
    yield new TextEncoder().encode(part)
  }
}

describe('a page’s own files', () => {
  it('are read, listed in order and removed, and not fetched', async () => {
    await makeDirectory('run/deep')
    for (const name of ['b', 'a', 'é', 'B']) await writeFile(`run/${name}`, `it is ${name}`)
    expect(await text('/run/./deep/../a')).toBe('it is a')
    await removeFile('run/b')
    await removeFile('run/b')
    expect(await listDirectory('run')).toEqual([
      { name: 'B', isDirectory: false },
      { name: 'a', isDirectory: false },
      { name: 'deep', isDirectory: true },
      { name: 'é', isDirectory: false },
    ])
    expect(requests).toEqual([])
  })

  it('stay as they were where a write fails half way', async () => {
    await writeFile('a', 'old')
    await expect(writeFile('a', pieces('ne', new Error('out of luck'), 'w'))).rejects.toThrow(/out of luck/)
    expect(await text('a')).toBe('old')
    expect(await listDirectory('.')).toHaveLength(1)
    await writeFile('a', pieces('ne', 'w'))
    expect(await text('a')).toBe('new')
  })

  it('are written over what a closed tab has left', async () => {
    const endless = (async function* () {
      yield new Uint8Array(10)
      await new Promise(() => undefined)
    })()
    void writeFile('a', endless)
    await vi.waitFor(async () => {
      expect(await listDirectory('.')).toHaveLength(1)
    })
    await writeFile('a', 'new')
    expect((await listDirectory('.')).map(({ name }) => name)).toEqual(['a'])
  })

  it('say how much is used where there is no room', async () => {
    room.left = 5
    const written = writeFile('run/big', 'more than that')
    await expect(written).rejects.toThrow(FileSystemError)
    await expect(written).rejects.toThrow(
      /^can't write run\/big: there is no room left \(this site uses 7 MB of the 9 MB.*removeStored\(path\), keep fewer checkpoints/,
    )
  })

  it('take no other paths', async () => {
    await expect(writeFile('files:1/a', 'x')).rejects.toThrow(/mounted files can only be read/)
    await expect(writeFile('https://example.org/a', 'x')).rejects.toThrow(/paths without a scheme/)
    await expect(writeFile('../a', 'x')).rejects.toThrow(/leads out of/)
    await expect(listDirectory('https://example.org/')).rejects.toThrow(/mount a manifest/)
    await expect(listDirectory('gone')).rejects.toThrow(/no such file or folder.*mountFiles/)
  })
})

describe('what is not among them', () => {
  it('is fetched, and a web page in its place is no file', async () => {
    served.set('data/1.txt', new Response('from the server'))
    expect(await text('data/1.txt')).toBe('from the server')
    const page = new Response('<html>', { headers: { 'content-type': 'text/html; charset=utf-8' } })
    served.set('gone.bin', Object.defineProperty(page, 'url', { value: 'https://example.org/gone.bin' }))
    await expect(readFile('gone.bin')).rejects.toThrow(/sent a web page in its place/)
    await expect(readFile('no.bin')).rejects.toThrow(/no.bin: the server answered 404; and it is not among/)
    await expect(readFile('a', AbortSignal.abort())).rejects.toThrow(AbortError)
  })

  it('is told apart from a page that has no files', async () => {
    vi.stubGlobal('navigator', { onLine: true })
    vi.stubGlobal('isSecureContext', false)
    await expect(writeFile('a', 'x')).rejects.toThrow(/can't write a: .*came by http: serve it by https/)
    const getDirectory = () => Promise.reject(new DOMException('no', 'SecurityError'))
    vi.stubGlobal('navigator', { onLine: true, storage: { getDirectory, estimate } })
    await expect(writeFile('a', 'x')).rejects.toThrow(/use no private window/)
    await expect(readFile('a')).rejects.toThrow(/use no private window/)
  })
})

it('paths are joined', () => {
  expect(joinPath('run/model.onnx', '..', 'weights.bin')).toBe('run/weights.bin')
  expect(joinPath('files:1', 'ants', '/1.jpg')).toBe('files:1/ants/1.jpg')
  expect(joinPath('files:1', '..', '..')).not.toBe('files:')
  expect(joinPath('../data/', 'x')).toBe('../data/x')
  expect(joinPath('/run', 'x')).toBe('/run/x')
  expect(joinPath('model.onnx', '..')).toBe('.')
  const url = joinPath('https://example.org/a/m.onnx?token=1', '..', 'w.bin')
  expect(new URL(url).href).toBe('https://example.org/a/w.bin')
})
