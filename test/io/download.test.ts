import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'

import { AbortError, ArgumentError, DownloadError, FileSystemError } from '../../src/core/errors.ts'
import { download, type DownloadOptions } from '../../src/io/download.ts'
import { answer, serve, startFaultServer, type Answer, type FaultServer } from './fault-server.ts'

const content = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) & 255)
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const sha256 = hashOf(content)
const etag = '"v1"'

let server: FaultServer
let cache: string
beforeAll(async () => {
  server = await startFaultServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'download-'))
})
afterEach(() => rm(cache, { recursive: true, force: true }))

const name = `model-${sha256.slice(0, 8)}.bin`
const get = (options: DownloadOptions = {}) =>
  download(`${server.url}/${name}`, {
    sha256,
    cacheDirectory: cache,
    progress: false,
    retryDelay: 1,
    ...options,
  })

/** It is there, whole, and nothing else is. */
async function expectWhole(path: string, bytes: Uint8Array = content): Promise<void> {
  expect(hashOf(await readFile(path))).toBe(hashOf(bytes))
  expect(await readdir(cache)).toEqual([path.slice(cache.length + 1)])
}

async function failing(options: DownloadOptions = {}): Promise<DownloadError> {
  const error: unknown = await get(options).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(DownloadError)
  expect(existsSync(join(cache, name))).toBe(false)
  return error as DownloadError
}

describe('download', () => {
  it('brings the file into the cache, whole, and only once', async () => {
    server.plan(serve(content))
    const path = await get()
    expect(path).toBe(join(cache, name))
    await expectWhole(path)
    expect(await get()).toBe(path)
    expect(server.requests).toEqual([{ path: `/${name}` }])
  })

  it('makes the folders of the cache, by the environment', async () => {
    server.plan(serve(content))
    const own = join(cache, 'own', 'folder')
    vi.stubEnv('ONNX_FINETUNE_CACHE', own)
    vi.stubEnv('XDG_CACHE_HOME', join(cache, 'xdg'))
    expect(await get({ cacheDirectory: undefined })).toBe(join(own, name))
    vi.stubEnv('ONNX_FINETUNE_CACHE', '')
    expect(await get({ cacheDirectory: undefined })).toBe(join(cache, 'xdg', 'onnx-finetune', name))
    vi.stubEnv('XDG_CACHE_HOME', '')
    vi.stubEnv('HOME', join(cache, 'home'))
    expect(await get({ cacheDirectory: undefined })).toBe(
      join(cache, 'home', '.cache', 'onnx-finetune', name),
    )
    vi.unstubAllEnvs()
  })

  it('tells how far it is', async () => {
    server.plan(serve(content))
    const seen: [number, number | undefined][] = []
    await get({ progress: ({ received, total }) => seen.push([received, total]) })
    expect(seen[0]).toEqual([0, content.length])
    expect(seen.at(-1)).toEqual([content.length, content.length])
    expect(seen.map(([received]) => received)).toEqual(
      seen.map(([received]) => received).sort((a, b) => a - b),
    )
  })

  it('keeps files of the same name from several places apart', async () => {
    server.plan(serve(Uint8Array.of(1)), serve(Uint8Array.of(2)))
    const options = { cacheDirectory: cache, progress: false }
    const one = await download(`${server.url}/a/model.safetensors`, options)
    const two = await download(`${server.url}/b/model.safetensors`, options)
    expect([[...(await readFile(one))], [...(await readFile(two))]]).toEqual([[1], [2]])
    expect(one).toMatch(/[\da-f]{8}-model\.safetensors$/)
  })

  it('never leaves the cache, whatever the URL', async () => {
    server.plan(serve(Uint8Array.of(1)))
    const options = { cacheDirectory: cache, progress: false }
    for (const path of ['/', '/..%2f..%2fevil', '/a\\..\\b', `/${'x'.repeat(400)}`, '/%00%zz', '/.hidden']) {
      const file = await download(`${server.url}${path}`, options)
      expect(await readdir(cache)).toContain(file.slice(cache.length + 1))
    }
  })

  it('fetches anew what is damaged in the cache', async () => {
    await writeFile(join(cache, name), content.subarray(1))
    server.plan(serve(content))
    await expectWhole(await get())
  })

  it.each(['ftp://example.org/a', 'model.pth', ''])('refuses the URL %j', async (url) => {
    await expect(download(url)).rejects.toThrow(ArgumentError)
  })

  it.each(['xyz', 'abc', '0'.repeat(65)])('refuses the hash %s', async (hash) => {
    await expect(get({ sha256: hash })).rejects.toThrow(ArgumentError)
  })
})

describe('a server that', () => {
  it('cuts connections is asked for the rest, of the same version', async () => {
    server.plan(
      serve(content, { etag, cutAfter: 100_000 }),
      serve(content, { etag, cutAfter: 100_000 }),
      serve(content, { etag }),
    )
    await expectWhole(await get({ retries: 1 }))
    expect(server.requests.map(({ range, ifRange }) => [range, ifRange])).toEqual([
      [undefined, undefined],
      [expect.stringMatching(/^bytes=\d+-$/), etag],
      [expect.stringMatching(/^bytes=\d+-$/), etag],
    ])
  })

  it('cuts all connections at once is given up', async () => {
    server.plan((response) => response.destroy())
    const error = await failing({ retries: 2 })
    expect(server.requests).toHaveLength(3)
    expect(error.message).toContain(`put it there: ${join(cache, name)}`)
    expect(await readdir(cache)).toEqual([])
  })

  it('cuts connections at the same place each time, and knows no ranges, is given up', async () => {
    server.plan(serve(content, { ignoresRange: true, etag, cutAfter: 50_000 }))
    await failing({ retries: 2 })
    expect(server.requests.length).toBeLessThan(8)
  })

  it('has another version meanwhile gives all of that one', async () => {
    const changed = content.map((byte) => byte ^ 1)
    server.plan(serve(content, { etag, cutAfter: 100_000 }), serve(changed, { etag: '"v2"' }))
    await expectWhole(await get({ sha256: hashOf(changed) }).then((path) => path), changed)
    expect(server.requests[1]!.ifRange).toBe(etag)
  })

  it('has only a date, or a weak ETag, is asked by the date', async () => {
    const lastModified = 'Tue, 03 Nov 2026 10:00:00 GMT'
    server.plan(
      serve(content, { etag: 'W/"1"', lastModified, cutAfter: 9000 }),
      serve(content, { lastModified }),
    )
    await expectWhole(await get())
    expect(server.requests[1]!.ifRange).toBe(lastModified)
  })

  it('tells versions apart by nothing is asked for all of it again', async () => {
    server.plan(serve(content, { cutAfter: 100_000 }), serve(content))
    await expectWhole(await get())
    expect(server.requests[1]!.range).toBeUndefined()
  })

  it('ignores ranges is taken from the beginning', async () => {
    server.plan(serve(content, { etag, cutAfter: 100_000 }), serve(content, { etag, ignoresRange: true }))
    await expectWhole(await get())
    expect(server.requests[1]!.range).toBeDefined()
  })

  it('sends another part than asked for is asked anew', async () => {
    const wrongPart: Answer = (response) => {
      const headers = { 'content-range': `bytes 5-${content.length - 1}/${content.length}` }
      response.writeHead(206, headers).end(content.subarray(5))
    }
    server.plan(serve(content, { etag, cutAfter: 100_000 }), wrongPart, serve(content, { etag }))
    await expectWhole(await get())
    expect(server.requests[2]!.range).toBeUndefined()
  })

  it('sends a part that ends early is asked for the rest', async () => {
    const shortPart: Answer = (response) => {
      const headers = { 'content-range': `bytes 0-999/${content.length}`, etag }
      response.writeHead(206, headers).end(content.subarray(0, 1000))
    }
    server.plan(shortPart, serve(content, { etag }))
    await expectWhole(await get())
    expect(server.requests).toHaveLength(2)
  })

  it('stalls is left after a while, and asked for the rest', async () => {
    server.plan(serve(content, { etag, stallAfter: 100_000 }), serve(content, { etag }))
    await expectWhole(await get({ stallTimeout: 1000 }))
    expect(server.requests[1]!.range).toBeDefined()
  })

  it('never answers is given up', async () => {
    server.plan(() => undefined)
    expect((await failing({ retries: 1, stallTimeout: 60 })).message).toMatch(/sent nothing for 0\.06 s/)
    expect(server.requests).toHaveLength(2)
  })

  it.each([
    ['more', content.length + 5000],
    ['less', content.length - 5000],
  ])('claims %s bytes than it has gives no spoilt file', async (_, claimedLength) => {
    server.plan(serve(content, { claimedLength, cutAfter: content.length - 1 }))
    await failing({ retries: 1 })
    server.plan(serve(content))
    await expectWhole(await get())
  })

  it('sends a wrong file is not asked again', async () => {
    server.plan(serve(content.slice().fill(1)))
    const error = await failing()
    expect(error.message).toMatch(/another file: its SHA-256 begins [\da-f]+, not/)
    expect(server.requests).toHaveLength(1)
    expect(await readdir(cache)).toEqual([])
  })

  it('went on with another file is asked once more, for all of it', async () => {
    const other = content.map((byte) => byte ^ 255)
    server.plan(serve(content, { etag, cutAfter: 50_000 }), serve(other, { etag }), serve(content, { etag }))
    await expectWhole(await get())
    expect(server.requests[2]!.range).toBeUndefined()
  })

  it('redirects is followed', async () => {
    server.plan(answer(302, { location: '/elsewhere' }), answer(307, { location: '/there' }), serve(content))
    await expectWhole(await get())
    expect(server.requests.map(({ path }) => path)).toEqual([`/${name}`, '/elsewhere', '/there'])
  })

  it('redirects in a circle is given up', async () => {
    server.plan(answer(302, { location: `/${name}` }))
    expect((await failing({ retries: 0 })).message).toMatch(/redirect/)
  })

  it('redirects to where nothing is encrypted is not trusted', async () => {
    const sent = Object.defineProperty(new Response(content), 'url', { value: 'http://mirror/x' })
    vi.stubGlobal('fetch', () => Promise.resolve(sent))
    const options = { cacheDirectory: cache, progress: false, retries: 0 }
    await expect(download('https://example.org/x', options)).rejects.toThrow(/isn't encrypted/)
    vi.unstubAllGlobals()
    expect(await readdir(cache)).toEqual([])
  })

  it.each([401, 403, 404, 410])('answers %i is not asked again', async (status) => {
    server.plan(answer(status))
    const error = await failing()
    expect(error).toMatchObject({ status, url: `${server.url}/${name}` })
    expect(error.message).toContain(`answered ${status}`)
    expect(server.requests).toHaveLength(1)
  })

  it.each([408, 429, 500, 502, 503, 504])('answers %i is asked again', async (status) => {
    server.plan(answer(status), answer(status, { 'retry-after': '0' }), serve(content))
    await expectWhole(await get())
    expect(server.requests).toHaveLength(3)
  })

  it('says when to come again is waited for', async () => {
    const retryAfter = new Date(Date.now() + 2000).toUTCString()
    server.plan(
      answer(503, { 'retry-after': '1' }),
      answer(429, { 'retry-after': retryAfter }),
      serve(content),
    )
    const began = performance.now()
    await expectWhole(await get())
    // At least the first wait: dates have no fractions of a second.
    expect(performance.now() - began).toBeGreaterThan(990)
  })

  it('answers 503 for ever is given up', async () => {
    server.plan(answer(503))
    expect((await failing({ retries: 3 })).message).toMatch(/answered 503/)
    expect(server.requests).toHaveLength(4)
  })

  it('answers 416 is asked for all of it', async () => {
    server.plan(serve(content, { etag, cutAfter: 100_000 }), answer(416), serve(content, { etag }))
    await expectWhole(await get())
    expect(server.requests[2]!.range).toBeUndefined()
  })

  it('compresses is not resumed, and its length not believed', async () => {
    const { gzipSync } = await import('node:zlib')
    server.plan((response) => {
      const body = gzipSync(content)
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': body.length, etag }).end(body)
    })
    await expectWhole(await get())
  })
})

describe('without a network', () => {
  it('the message names the file and its place, and proxies that Node is not told to use', async () => {
    const gone = await startFaultServer()
    await gone.close()
    vi.stubEnv('HTTPS_PROXY', 'http://proxy:3128')
    const failed = download(`${gone.url}/model.pth`, { cacheDirectory: cache, progress: false, retries: 0 })
    await expect(failed).rejects.toThrow(
      /ECONNREFUSED.*HTTPS_PROXY is set, but.*NODE_USE_ENV_PROXY=1.*put it there: .*-model\.pth$/,
    )
    vi.unstubAllEnvs()
  })
})

describe('a download that was stopped', () => {
  it('ends at once, and is gone on with by the next call', async () => {
    server.plan(serve(content, { etag, stallAfter: 100_000 }), serve(content, { etag }))
    const controller = new AbortController()
    const stopped = get({
      signal: controller.signal,
      progress: ({ received }) => {
        if (received >= 100_000) controller.abort()
      },
    })
    await expect(stopped).rejects.toThrow(AbortError)
    await expectWhole(await get())
    expect(server.requests[1]!.range).toBe('bytes=100000-')
  })

  it('does not wait for its next try', async () => {
    server.plan(answer(503, { 'retry-after': '100' }))
    const controller = new AbortController()
    setTimeout(() => {
      controller.abort()
    }, 50)
    await expect(get({ signal: controller.signal })).rejects.toThrow(AbortError)
    await expect(get({ signal: AbortSignal.abort() })).rejects.toThrow(AbortError)
  })
})

describe('what a dead process left', () => {
  const leave = async (owner: string, part: Uint8Array, validator = etag): Promise<string> => {
    const folder = join(cache, `${name}.${owner}.partial`)
    await mkdir(folder)
    await writeFile(join(folder, 'data'), part)
    await writeFile(join(folder, 'validator'), validator)
    return folder
  }
  const dead = `${hostname()}-999999999-0-0`

  it('is gone on with; of several the longest, and the others are removed', async () => {
    await leave(dead, content.subarray(0, 1000))
    await leave(`${hostname()}-999999998-0-3`, content.subarray(0, 2000))
    server.plan(serve(content, { etag }))
    await expectWhole(await get())
    expect(server.requests).toEqual([{ path: `/${name}`, range: 'bytes=2000-', ifRange: etag }])
  })

  it('is complete if it died just before the end', async () => {
    await leave(dead, content)
    server.plan(serve(content, { etag }))
    await expectWhole(await get())
    expect(server.requests[0]!.range).toBe(`bytes=${content.length}-`)
  })

  it('is not believed where it is damaged', async () => {
    await leave(dead, content.slice(0, 1000).fill(0))
    server.plan(serve(content, { etag }))
    await expectWhole(await get())
    expect(server.requests.map(({ range }) => range)).toEqual(['bytes=1000-', undefined])
  })

  it('is left to a process that lives, and to other machines for a day', async () => {
    const living = await leave(`${hostname()}-${process.ppid}-0-0`, content.subarray(0, 1000))
    const remote = await leave('elsewhere-1-0-0', content.subarray(0, 3000))
    server.plan(serve(content, { etag }))
    const path = await get()
    expect(server.requests[0]!.range).toBeUndefined()
    expect([living, remote].every(existsSync)).toBe(true)
    await rm(path)
    const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 3600
    await utimes(join(remote, 'data'), twoDaysAgo, twoDaysAgo)
    await get()
    expect(server.requests[1]!.range).toBe('bytes=3000-')
    expect(existsSync(remote)).toBe(false)
  })
})

describe('several at once', () => {
  it('in one process do not spoil the file', async () => {
    server.plan(serve(content, { etag, cutAfter: 70_000 }), serve(content, { etag }))
    const paths = await Promise.all([get(), get(), get()])
    expect(new Set(paths)).toEqual(new Set([join(cache, name)]))
    await expectWhole(paths[0])
  })

  const script = `
    import { download } from ${JSON.stringify(new URL('../../src/io/download.ts', import.meta.url).href)}
    const [url, sha256, cacheDirectory] = process.argv.slice(1)
    console.log(await download(url, { sha256, cacheDirectory, progress: false, retryDelay: 1 }))
  `
  const flags = ['--conditions=onnx-finetune-source', '--import', 'tsx', '--input-type=module', '-e', script]
  const args = () => [...flags, `${server.url}/${name}`, sha256, cache]

  it('in several processes do not spoil the file', async () => {
    server.plan(
      serve(content, { etag, cutAfter: 70_000 }),
      serve(content, { etag, cutAfter: 70_000 }),
      serve(content, { etag }),
    )
    const runs = await Promise.all([1, 2].map(() => promisify(execFile)('node', args())))
    expect(runs.map(({ stdout }) => stdout.trim())).toEqual([join(cache, name), join(cache, name)])
    await expectWhole(join(cache, name))
  })

  it('with one killed half way: another goes on with what it had', async () => {
    server.plan(serve(content, { etag, stallAfter: 200_000 }), serve(content, { etag }))
    const child = spawn('node', args())
    const exited = new Promise((resolve) => child.once('exit', resolve))
    const part = async () => {
      const [folder] = await readdir(cache)
      const data = folder && (await readFile(join(cache, folder, 'data')).catch(() => undefined))
      return data ? data.length : 0
    }
    await vi.waitUntil(async () => (await part()) === 200_000, { timeout: 30_000, interval: 50 })
    child.kill('SIGKILL')
    await exited
    expect(await readdir(cache)).toHaveLength(1)
    await expectWhole(await get())
    expect(server.requests[1]!.range).toBe('bytes=200000-')
  })
})

describe('a cache that can not be written', () => {
  it('is named', async () => {
    await writeFile(join(cache, 'file'), '')
    await expect(get({ cacheDirectory: join(cache, 'file', 'x') })).rejects.toThrow(FileSystemError)
  })

  it.skipIf(!existsSync('/dev/full'))('leaves nothing behind', async () => {
    // A full disk: the data go to a device that has no room.
    const folder = join(cache, `${name}.${hostname()}-999999999-0-0.partial`)
    await mkdir(folder)
    const { symlink } = await import('node:fs/promises')
    await symlink('/dev/full', join(folder, 'data'))
    server.plan(serve(content))
    await expect(get()).rejects.toThrow(/the disk is full/)
    expect(await readdir(cache)).toEqual([])
  })
})
