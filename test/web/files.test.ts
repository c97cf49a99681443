/** The page's private file system, downloads into it, and files that were handed over, in a real browser. */
import { zipSync } from 'fflate'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'

import type * as onnxFinetune from '../../src/index.ts'
import { openChromium, type Browser, type Page } from './support/chromium.ts'
import { serveLibrary } from './support/library.ts'
import { serve, type Server } from './support/server.ts'

/** The library's module, and what only these tests reach: its platform's files, through functions that use them. */
declare const library: typeof onnxFinetune

const encoder = new TextEncoder()

const slowBytes = 20 << 20

let browser: Browser
let server: Server
let elsewhere: Server
let page: Page

beforeAll(async () => {
  browser = await openChromium()
  server = await serveLibrary({
    routes: {
      '/set/manifest.json': (_, response) => response.end('["train/ants/1.txt", "train/bees/2.txt"]'),
      '/set/train/ants/1.txt': (_, response) => response.end('ant'),
      '/set/train/bees/2.txt': (_, response) => response.end('bee'),
      '/slow.bin': (request, response) => {
        // All but the end, which never comes.
        const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0)
        response.setHeader('ETag', '"one"').setHeader('Content-Length', slowBytes - start)
        if (start > 0) response.setHeader('Content-Range', `bytes ${start}-${slowBytes - 1}/${slowBytes}`)
        response.writeHead(start > 0 ? 206 : 200).write(Buffer.alloc(slowBytes - start - 1))
      },
      '/file.bin': (_, response) => response.end(Buffer.alloc(300_000, 7)),
    },
  })
  // Another port is another origin, and this one has no CORS headers.
  elsewhere = await serve({
    roots: {},
    routes: { '/weights.pth': (_, response) => response.end('weights') },
  })
})

afterAll(async () => {
  await browser.close()
  await Promise.all([server.close(), elsewhere.close()])
})

beforeEach(async () => {
  const context = await browser.newContext()
  page = await context.newPage()
  onTestFinished(() => context.close())
  await open()
})

async function open(): Promise<void> {
  await page.goto(server.url)
  await page.waitForFunction(() => 'library' in globalThis)
}

const shapes = [
  ['a', 2],
  ['b', 3],
] as const

describe('the page’s private file system', () => {
  it('keeps what is written over a reload, and replaces it as a whole', async () => {
    const write = (value: number) =>
      page.evaluate(async (number) => {
        const { Tensor, writeSafetensors } = library
        await writeSafetensors('run/weights.safetensors', new Map([['x', Tensor.full([1000], number)]]))
      }, value)
    const read = () =>
      page.evaluate(async () => {
        const { tensors } = await library.readSafetensors('run/weights.safetensors')
        return Array.from(tensors.get('x')!.data.slice(0, 2), Number)
      })
    await write(1)
    await write(2)
    await open()
    expect(await read()).toEqual([2, 2])
    expect(await namesIn('run')).toEqual(['weights.safetensors'])
  })

  it('has the old file when the tab is reloaded in the middle of writing the new one', async () => {
    await page.evaluate(async () => {
      const { Tensor, writeSafetensors } = library
      await writeSafetensors('weights.safetensors', new Map([['x', Tensor.full([4], 1)]]))
      // 400 MB take longer than the page has.
      void writeSafetensors('weights.safetensors', new Map([['x', Tensor.full([100_000_000], 2)]]))
      await new Promise((resolve) => setTimeout(resolve, 50))
    })
    await open()
    const found = await page.evaluate(async () => {
      const { tensors } = await library.readSafetensors('weights.safetensors')
      return Array.from(tensors.get('x')!.data, Number)
    })
    expect(found).toEqual([1, 1, 1, 1])
  })

  it('says how much room there was when it is used up, and leaves the old file', async () => {
    const session = await page.context().newCDPSession(page)
    const origin = new URL(server.url).origin
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 })
    const message = await failure(async () => {
      const { Tensor, writeSafetensors } = library
      await writeSafetensors('big.safetensors', new Map([['x', Tensor.full([1_000_000], 1)]]))
    })
    expect(message).toMatch(
      /^FileSystemError: can't write big.safetensors: .*there is no room left \(this site uses \d+ MB of the \d+ MB/,
    )
    expect(await namesIn('')).toEqual([])
  })

  it('names a file that is not there', async () => {
    expect(await failure(() => library.offerDownload('gone.onnx'))).toBe(
      "FileSystemError: can't offer gone.onnx: there is no such file among this page's files",
    )
    expect(await failure(() => library.readSafetensors('gone.safetensors'))).toMatch(
      /^FileSystemError: can't read gone.safetensors: the server answered 404/,
    )
  })

  it('offers a file as a download with its bytes', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.evaluate(async (entries) => {
        const { Tensor, writeSafetensors, offerDownload } = library
        const tensors = new Map(entries.map(([name, size]) => [name, Tensor.zeros([size])]))
        await writeSafetensors('out/weights.safetensors', tensors)
        await offerDownload('out/weights.safetensors')
      }, shapes),
    ])
    expect(download.suggestedFilename()).toBe('weights.safetensors')
    const { readSafetensors } = await import('../../src/index.ts')
    const { tensors } = await readSafetensors(await download.path())
    expect([...tensors].map(([name, { shape }]) => [name, ...shape])).toEqual(shapes)
  })
})

describe('a download', () => {
  it('is kept, with its hash checked, and not fetched again', async () => {
    let requests = 0
    page.on('request', (request) => (requests += request.url().endsWith('.bin') ? 1 : 0))
    const fetchIt = () =>
      page.evaluate(async () => {
        // python3 -c "import hashlib; print(hashlib.sha256(bytes([7]) * 300000).hexdigest())"
        const sha256 = '08f166476de183f7a1b2874d544d37912aaf8d19b92013e1aafe233ba231024a'
        return library.download(new URL('/file.bin', location.href), { sha256, progress: false })
      })
    const path = await fetchIt()
    await open()
    expect(await fetchIt()).toBe(path)
    expect(requests).toBe(1)
    expect(await namesIn('downloads')).toEqual([path.split('/').at(-1)])
  })

  it('from a server without CORS, or offline, says so', async () => {
    const fetchIt = async (url: string) =>
      failure(
        (address) => library.download(address, { retries: 0, progress: false }),
        new URL('weights.pth', url).href,
      )
    expect(await fetchIt(elsewhere.url)).toMatch(
      /^DownloadError: .*doesn't allow pages of other origins to read it \(CORS\): download the file yourself and give it as a File/s,
    )
    await page.context().setOffline(true)
    expect(await fetchIt(elsewhere.url)).toMatch(/^DownloadError: .*This device is offline/s)
  })
})

it('a download goes on after a reload where it was', async () => {
  const begin = () =>
    page.evaluate(async () => {
      let from = -1
      const first = new Promise<number>((resolve) => {
        const progress = ({ received }: { readonly received: number }) => {
          if (from < 0) from = received
          if (received >= 9 << 20) resolve(from)
        }
        void library.download(new URL('/slow.bin', location.href), { progress }).catch(() => undefined)
      })
      return first
    })
  expect(await begin()).toBe(0)
  await open()
  expect(await begin()).toBeGreaterThanOrEqual(8 << 20)
})

it('two tabs do not save a run in one folder', async () => {
  const train = async (hold: boolean) => {
    const { DataLoader, nn, optim, Tensor, TensorDataset, train: begin } = library
    const data = new TensorDataset(Tensor.zeros([4, 3]), Tensor.zeros([4], 'int32'))
    const model = new nn.Linear(3, 2)
    const run = begin(model, {
      dataloaders: { train: new DataLoader(data, { batchSize: 2 }) },
      criterion: new nn.CrossEntropyLoss(),
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      numEpochs: 1,
      device: 'wasm',
      checkpoint: { directory: 'run' },
    })
    try {
      await run.next()
      if (hold) Object.assign(globalThis, { held: run })
      else await run.return([])
      return 'began'
    } catch (error) {
      return String(error)
    }
  }
  const other = await page.context().newPage()
  await other.goto(server.url)
  await other.waitForFunction(() => 'library' in globalThis)
  expect(await page.evaluate(train, true)).toBe('began')
  expect(await other.evaluate(train, false)).toMatch(
    /^ArgumentError: a run in another tab.* is saved in run: stop that/,
  )
  await page.close()
  await expect.poll(() => other.evaluate(train, false), { timeout: 10_000 }).toBe('began')
})

it('weights are read from a chosen file, and removed with their folder', async () => {
  const shape = await page.evaluate(async () => {
    const { readStateDict, removeStored, saveWeights, nn } = library
    await saveWeights('out/a/w.safetensors', new nn.Linear(3, 2))
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('onnx-finetune')
    const handle = await (
      await (await folder.getDirectoryHandle('out')).getDirectoryHandle('a')
    ).getFileHandle('w.safetensors')
    const [byFile, byDots] = await Promise.all([
      readStateDict(await handle.getFile()),
      readStateDict('out/b/../a/./w.safetensors'),
    ])
    await removeStored('out')
    return [byFile, byDots].map((weights) => [...weights.get('weight')!.shape])
  })
  expect(shape).toEqual([
    [2, 3],
    [2, 3],
  ])
  expect(await namesIn('')).toEqual([])
})

describe('mounted files', () => {
  it('come from an archive, whose top folder is left out', async () => {
    const zip = zipSync({
      'photos/train/ants/1.txt': encoder.encode('ant '.repeat(100)),
      'photos/train/bees/2.txt': [encoder.encode('bee'), { level: 0 }],
      '__MACOSX/photos/._1.txt': encoder.encode('x'),
    })
    const found = await page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
      const at = await library.mountFiles([new File([bytes], 'photos.zip')])
      const failed = library.ImageFolder.open(`${at}/train`)
      return failed.then(String, String)
    }, Buffer.from(zip).toString('base64'))
    expect(found).toMatch(/DataError: found no picture for the classes ants, bees in files:1\/train/)
  })

  it('come from a manifest', async () => {
    const message = await failure(async () => {
      const at = await library.mountFiles(new URL('/set/manifest.json', location.href))
      await library.ImageFolder.open(at.replace(/$/, ''))
    })
    // One folder of folders is the root.
    expect(message).toMatch(/found no picture for the classes ants, bees/)
  })

  it('must be files', async () => {
    expect(await failure(() => library.mountFiles([]))).toBe(
      'DataError: there is no file in what was given: choose a folder with files in it',
    )
    expect(await failure(() => library.mountFiles(new Blob(['no zip'])))).toMatch(
      /^FileFormatError: the archive is no .zip archive/,
    )
  })
})

/** The error that `action` ends with in the page. */
function failure<T>(action: (argument: T) => Promise<unknown>, argument?: T): Promise<string> {
  return page.evaluate(
    async ([source, given]) => {
      // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- the test's own function
      const run = new Function(`return (${source})`)() as (argument: unknown) => Promise<unknown>
      return run(given).then(
        () => 'no error',
        (error: unknown) => String(error),
      )
    },
    [String(action), argument] as const,
  )
}

function namesIn(folder: string): Promise<string[]> {
  return page.evaluate(async (path) => {
    let at = await (await navigator.storage.getDirectory()).getDirectoryHandle('onnx-finetune')
    for (const name of path.split('/').filter(Boolean)) at = await at.getDirectoryHandle(name)
    const names: string[] = []
    for await (const name of at.keys()) names.push(name)
    return names.sort()
  }, folder)
}
