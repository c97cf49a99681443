/** Pictures in a page: the bytes that Node has, in the page's thread and in loader workers, and errors that say what to do. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import * as onnxFinetune from '../../src/index.ts'
import { openChromium, type Browser, type Page } from './support/chromium.ts'
import { serve, type Server } from './support/server.ts'

/** What the page's script leaves there. */
declare const library: typeof onnxFinetune

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const fixtures = root('test/fixtures/vision/decode')
const names = readdirSync(fixtures)
const pillow = JSON.parse(readFileSync(`${fixtures}.json`, 'utf8')) as Record<
  string,
  { readonly height: number; readonly width: number; readonly rgb: string }
>
const real = root('../shared/data/hymenoptera_data/val')
const realNames = ['ants', 'bees'].flatMap((name) =>
  existsSync(real) ? readdirSync(`${real}/${name}`).map((file) => `${name}/${file}`) : [],
)

/** By Pillow: one white WebP pixel, lossless, and a red one of GIF. */
const webp = 'UklGRh4AAABXRUJQVlA4TBEAAAAvAAAAAAfQ//73v/+BiOh/AAA='
const gif = 'R0lGODdhAQABAIEAAP8AAAAAAAAAAAAAACwAAAAAAQABAAAIBAABBAQAOw=='

/**
 * A grey JPEG of 12,000 × 9,000: that of 8 × 8 with another size. Each block of 8 × 8 is the same 14 bits, by the Huffman tables
 * that jpeg-js writes: no change of brightness, end of block, and twice the same of colour.
 */
const huge = (() => {
  const pixels = new Uint8Array(8 * 8 * 3).fill(128)
  const small = Buffer.from(onnxFinetune.encodeJpeg(onnxFinetune.picture(8, 8, 3, pixels)))
  const size = small.indexOf(Buffer.from([0xff, 0xc0])) + 5
  small.writeUInt16BE(9000, size)
  small.writeUInt16BE(12000, size + 2)
  const scan = small.indexOf(Buffer.from([0xff, 0xda])) + 2
  const head = small.subarray(0, scan + small.readUInt16BE(scan))
  const bits = '00101000000000'.repeat(4)
  const fourBlocks = Array.from({ length: 7 }, (_, byte) => parseInt(bits.slice(8 * byte, 8 * byte + 8), 2))
  const blocks = Buffer.alloc((14 / 8) * 1500 * 1125, Uint8Array.from(fourBlocks))
  return Buffer.concat([head, blocks, Buffer.from([0xff, 0xd9])])
})()

let browser: Browser
let server: Server
let page: Page

const open = async (at: Server) => {
  const opened = await browser.newPage()
  await opened.goto(at.url)
  await opened.waitForFunction(() => 'library' in globalThis)
  return opened
}

const start = (policy?: string) =>
  serve({
    roots: {
      '/lib/onnxruntime-web/': root('node_modules/onnxruntime-web/dist'),
      '/lib/': root('dist/web'),
      '/fixtures/': fixtures,
      '/real/': real,
    },
    ...(policy !== undefined && { policy }),
    routes: {
      '/': (_, response) => {
        response.setHeader('Content-Type', 'text/html')
        response.end('<!doctype html><script type="module" src="/page.js"></script>')
      },
      '/page.js': (_, response) => {
        response.setHeader('Content-Type', 'text/javascript')
        response.end("globalThis.library = await import('/lib/index.js')")
      },
      '/huge.jpg': (_, response) => response.end(huge),
    },
  })

beforeAll(async () => {
  browser = await openChromium()
  server = await start()
  page = await open(server)
})

afterAll(async () => {
  await browser.close()
  await server.close()
})

type Decoded = { readonly shape: number[]; readonly sha: string } | { readonly error: string }

/** Decodes the files at `urls` in the page: sizes, and SHA-256 of all bytes; or the error. */
function decodeThere(
  urls: readonly string[],
  options: onnxFinetune.DecodeOptions = {},
  there = page,
): Promise<Decoded[]> {
  return there.evaluate(
    async ([urls, options]) => {
      const results: Decoded[] = []
      for (const url of urls) {
        const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer())
        try {
          const decoded = await library.decodeImageAsync(bytes, options)
          const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', decoded.data))
          const sha = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
          results.push({ shape: decoded.shape, sha })
        } catch (error) {
          results.push({ error: String(error) })
        }
      }
      return results
    },
    [urls, options] as const,
  )
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const dataUrl = (bytes: Uint8Array) => `data:;base64,${Buffer.from(bytes).toString('base64')}`

function pillowOf(name: string): Decoded {
  const { height, width, rgb } = pillow[name]!
  return { shape: [height, width, 3], sha: sha256(Buffer.from(rgb, 'base64')) }
}

describe('decodeImageAsync in a page', () => {
  it("gives Pillow's bytes for each kind of JPEG and PNG", async () => {
    const decoded = await decodeThere(names.map((name) => `/fixtures/${name}`))
    expect(decoded).toEqual(names.map(pillowOf))
  })

  it("gives Pillow's bytes for RGB and grey by the browser's decoder, whatever EXIF says", async () => {
    const some = names.filter((name) => name.endsWith('.jpg') && !/cmyk|ycck/.test(name))
    const decoded = await decodeThere(
      some.map((name) => `/fixtures/${name}`),
      { codec: 'browser' },
    )
    expect(some).toContain('exif-rotated.jpg')
    expect(decoded).toEqual(some.map(pillowOf))
  })

  it.skipIf(realNames.length === 0)(
    "gives Node's bytes for the tutorial's 153 pictures, by each decoder (needs ../shared)",
    async () => {
      const inNode = realNames.map((name) => {
        const decoded = onnxFinetune.decodeImage(readFileSync(`${real}/${name}`))
        return { shape: [...decoded.shape], sha: sha256(decoded.data) }
      })
      expect(inNode.length).toBe(153)
      for (const codec of ['auto', 'browser'] as const) {
        const urls = realNames.map((name) => `/real/${name}`)
        expect(await decodeThere(urls, { codec })).toEqual(inNode)
      }
    },
  )

  it('decodes 12,000 × 9,000 pixels, by each decoder, or says that they are more than was allowed', async () => {
    const sha = sha256(Buffer.alloc(12_000 * 9000 * 3, 128))
    for (const codec of ['auto', 'browser'] as const) {
      expect(await decodeThere(['/huge.jpg'], { codec })).toEqual([{ shape: [9000, 12_000, 3], sha }])
      const [refused] = await decodeThere(['/huge.jpg'], { codec, maxPixels: 1e8, source: 'huge.jpg' })
      const message =
        "can't decode huge.jpg: its header says 12000 × 9000 pixels, more than the limit of 100000000"
      expect(refused).toHaveProperty('error', expect.stringContaining(message))
    }
  })

  it('reads what only the browser can, if that is asked for', async () => {
    const [white, red] = [Uint8Array.of(255, 255, 255), Uint8Array.of(255, 0, 0)]
    const urls = [webp, gif].map((base64) => `data:;base64,${base64}`)
    expect(await decodeThere(urls, { codec: 'browser' })).toEqual([
      { shape: [1, 1, 3], sha: sha256(white) },
      { shape: [1, 1, 3], sha: sha256(red) },
    ])
    const [refused] = await decodeThere(urls)
    expect(refused).toHaveProperty(
      'error',
      expect.stringContaining('it is a WebP file, and only JPEG and PNG'),
    )
    expect(refused).toHaveProperty('error', expect.stringContaining("codec: 'browser'"))
  })

  it('names the file and the remedy for what no decoder reads', async () => {
    const heic = Buffer.from('\0\0\0\x18ftypmif1\0\0\0\0mif1heic')
    const jpeg = readFileSync(`${fixtures}/rgb-420.jpg`)
    const corrupt = Buffer.concat([jpeg.subarray(0, 300), Buffer.alloc(400, 0xff), jpeg.subarray(-2)])
    const gone = readFileSync(`${fixtures}/rgb-8.png`).subarray(0, 60)
    for (const codec of ['auto', 'browser'] as const) {
      const urls = [heic, corrupt, gone].map(dataUrl)
      const results = await decodeThere(urls, { source: 'ants/1.jpg', codec })
      const errors = results.map((result) => ('error' in result ? result.error : 'none'))
      expect(errors[0]).toContain("can't decode ants/1.jpg: it is a HEIC picture, as iPhones take them")
      expect(errors[0]).toContain('Settings → Camera → Formats → Most Compatible')
      expect(errors[1]).toMatch(/^ImageError: can't decode ants\/1.jpg: .*corrupt/)
      expect(errors[2]).toContain("can't decode ants/1.jpg: the file is truncated")
    }
  })
})

describe('a page whose Content-Security-Policy', () => {
  const decodeUnder = async (policy: string, codec?: 'js') => {
    const guarded = await start(policy)
    const there = await open(guarded)
    const [result] = await decodeThere(['/fixtures/rgb-444.jpg'], { ...(codec && { codec }) }, there)
    await there.close()
    await guarded.close()
    return result
  }

  it('forbids WebAssembly is told which directive to change', async () => {
    const result = await decodeUnder("default-src 'self'")
    expect(result).toHaveProperty('error', expect.stringMatching(/'wasm-unsafe-eval'.*script-src/))
    expect(result).toHaveProperty('error', expect.stringMatching(/^RuntimeError: the JPEG decoder/))
  })

  it('allows it decodes as any other', async () => {
    const result = await decodeUnder("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'")
    expect(result).toEqual(pillowOf('rgb-444.jpg'))
  })
})

describe('transforms in a page', () => {
  const seed = 7

  /** A batch of four pictures after random transforms: the floats' bytes as base64, made by `library` here or there. */
  const transformed = async ([urls, seed, numWorkers]: readonly [readonly string[], number, number]) => {
    const { transforms: T } = library
    const files = urls.map((url, index) => [`photos/${'ab'[index % 2]}/${index}${url.slice(-4)}`, url])
    const folder = await library.ImageFolder.open(
      (await library.mountFiles(Object.fromEntries(files) as Record<string, string>)) + '/photos',
      {
        transform: new T.Compose([
          new T.RandomResizedCrop(32),
          new T.RandomHorizontalFlip(),
          new T.ColorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }),
          new T.RandomRotation(20),
          new T.ToTensor(),
          new T.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
        ]),
      },
    )
    const generator = new library.Generator(seed)
    const loader = new library.DataLoader(folder, {
      batchSize: urls.length,
      shuffle: true,
      generator,
      numWorkers,
    })
    let bytes = ''
    for await (const { inputs } of loader) {
      const { data } = inputs
      for (const byte of new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
        bytes += String.fromCharCode(byte)
    }
    await loader.close()
    return btoa(bytes)
  }

  it.each([0, 2])('give the very floats that Node has, with %i loader workers', async (numWorkers) => {
    const some = ['rgb-420.jpg', 'progressive.jpg', 'rgb-8-interlaced.png', 'palette-4.png']
    const urls = some.map((name) => new URL(`fixtures/${name}`, server.url).href)
    Object.assign(globalThis, { library: onnxFinetune })
    const here = await transformed([urls, seed, 0])
    const there = await page.evaluate(transformed, [urls, seed, numWorkers] as const)
    expect(atob(here).length).toBe(4 * 3 * 32 * 32 * 4)
    expect(there).toBe(here)
  })
})

describe('ImageFolder in a page', () => {
  it.each([0, 1])(
    "takes .webp and .gif by the browser's decoder only, with %i loader workers",
    async (numWorkers) => {
      const result = await page.evaluate(
        async ([webp, gif, numWorkers]) => {
          const urls = { 'set/a/1.webp': `data:;base64,${webp}`, 'set/b/2.gif': `data:;base64,${gif}` }
          const root = `${await library.mountFiles(urls)}/set`
          const refusal: unknown = await library.ImageFolder.open(root).catch((error: unknown) =>
            String(error),
          )
          const transform = new library.transforms.ToTensor()
          const folder = await library.ImageFolder.open(root, { transform, decode: { codec: 'browser' } })
          const loader = new library.DataLoader(folder, { batchSize: 2, numWorkers })
          const values: number[][] = []
          for await (const { inputs } of loader) values.push(Array.from(inputs.data as Float32Array))
          await loader.close()
          return { refusal, values }
        },
        [webp, gif, numWorkers] as const,
      )
      expect(result.values).toEqual([[1, 1, 1, 1, 0, 0]])
      expect(result.refusal).toContain("1.webp (.webp files can't be decoded: convert it to JPEG or PNG)")
    },
  )
})

describe('pictures that a page makes', () => {
  it('are encoded as Node does: PNG and JPEG', async () => {
    const pixels = Uint8Array.from({ length: 20 * 30 * 3 }, (_, at) => (at * 7) % 256)
    const there = await page.evaluate(
      (pixels) => {
        const made = library.picture(20, 30, 3, Uint8Array.from(pixels))
        return [library.encodePng(made), library.encodeJpeg(made, 80)].map((bytes) => Array.from(bytes))
      },
      [...pixels],
    )
    const made = onnxFinetune.picture(20, 30, 3, pixels)
    expect(there[0]).toEqual([...onnxFinetune.encodePng(made)])
    expect(there[1]).toEqual([...onnxFinetune.encodeJpeg(made, 80)])
  })

  it('show predictions with captions, as a PNG file in its own file system', async () => {
    const { height, width, colours } = await page.evaluate(async () => {
      const { DataLoader, nn, Tensor, TensorDataset, visualizeModel } = library
      const dataset = new TensorDataset(Tensor.zeros([2, 3, 2, 2]), Tensor.from([0, 1], 'int64'))
      const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(12, 2))
      const options = { classes: ['dark', 'light'], numImages: 2, path: 'made.png', device: 'wasm' } as const
      await visualizeModel(model, new DataLoader(dataset, { batchSize: 2 }), options)
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('onnx-finetune')
      const file = await (await folder.getFileHandle('made.png')).getFile()
      const { data, shape } = await library.decodeImageAsync(new Uint8Array(await file.arrayBuffer()))
      const colours = new Set<number>()
      for (let at = 0; at < data.length; at += 3) {
        colours.add((data[at]! << 16) + (data[at + 1]! << 8) + data[at + 2]!)
      }
      return { height: shape[0], width: shape[1], colours: [...colours] }
    })
    expect(width).toBeGreaterThan(2 * 224)
    expect(height).toBeGreaterThan(224)
    // Black pictures, and frames and captions in the colours of right and wrong: of two classes one is each.
    expect(colours).toEqual(expect.arrayContaining([0, 0x1a7f37, 0xcf222e]))
  })
})
