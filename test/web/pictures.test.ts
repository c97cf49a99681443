/** Pictures decoded in a page: the bytes that Node and Pillow have, and errors that say what to do. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { decodeImage } from '../../src/index.ts'
import { isSlow, slowTitle } from '../support/slow.ts'
import {
  decodeThere,
  fixtures,
  gif,
  openPicturePage,
  real,
  webp,
  type Decoded,
  type PicturePage,
} from './support/picture-page.ts'

const names = readdirSync(fixtures)
const pillow = JSON.parse(readFileSync(`${fixtures}.json`, 'utf8')) as Record<
  string,
  { readonly height: number; readonly width: number; readonly rgb: string }
>
const realNames = ['ants', 'bees'].flatMap((name) =>
  existsSync(real) ? readdirSync(`${real}/${name}`).map((file) => `${name}/${file}`) : [],
)

/** One picture in so many is decoded by the browser's own decoder too, which isn't the default. */
const browserTakes = isSlow ? 1 : 5

let opened: PicturePage

beforeAll(async () => {
  opened = await openPicturePage()
})

afterAll(() => opened[Symbol.asyncDispose]())

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const dataUrl = (bytes: Uint8Array) => `data:;base64,${Buffer.from(bytes).toString('base64')}`

function pillowOf(name: string): Decoded {
  const { height, width, rgb } = pillow[name]!
  return { shape: [height, width, 3], sha: sha256(Buffer.from(rgb, 'base64')) }
}

describe('decodeImageAsync in a page', () => {
  it("gives Pillow's bytes for each kind of JPEG and PNG", async () => {
    const decoded = await decodeThere(
      opened,
      names.map((name) => `/fixtures/${name}`),
    )
    expect(decoded).toEqual(names.map(pillowOf))
  })

  it("gives Pillow's bytes for RGB and grey by the browser's decoder, whatever EXIF says", async () => {
    const some = names.filter((name) => name.endsWith('.jpg') && !/cmyk|ycck/.test(name))
    const decoded = await decodeThere(
      opened,
      some.map((name) => `/fixtures/${name}`),
      { codec: 'browser' },
    )
    expect(some).toContain('exif-rotated.jpg')
    expect(decoded).toEqual(some.map(pillowOf))
  })

  it.skipIf(realNames.length === 0)(
    `gives Node's bytes for the tutorial's 153 pictures, by the browser's decoder for one in ${browserTakes} (needs ../shared; SLOW_TESTS=1: for all)`,
    async () => {
      const inNode = realNames.map((name) => {
        const decoded = decodeImage(readFileSync(`${real}/${name}`))
        return { shape: [...decoded.shape], sha: sha256(decoded.data) }
      })
      expect(inNode.length).toBe(153)
      const urls = realNames.map((name) => `/real/${name}`)
      expect(await decodeThere(opened, urls)).toEqual(inNode)
      const isTaken = (_: unknown, index: number) => index % browserTakes === 0
      expect(await decodeThere(opened, urls.filter(isTaken), { codec: 'browser' })).toEqual(
        inNode.filter(isTaken),
      )
    },
  )

  it('decodes 12,000 × 9,000 pixels', async () => {
    await expectHuge('auto')
  })

  it.skipIf(!isSlow)(slowTitle("decodes as many by the browser's decoder"), async () => {
    await expectHuge('browser')
  })

  async function expectHuge(codec: 'auto' | 'browser'): Promise<void> {
    const sha = sha256(Buffer.alloc(12_000 * 9000 * 3, 128))
    expect(await decodeThere(opened, ['/huge.jpg'], { codec })).toEqual([{ shape: [9000, 12_000, 3], sha }])
  }

  it('says that 12,000 × 9,000 pixels are more than was allowed, by each decoder', async () => {
    for (const codec of ['auto', 'browser'] as const) {
      const [refused] = await decodeThere(opened, ['/huge.jpg'], {
        codec,
        maxPixels: 1e8,
        source: 'huge.jpg',
      })
      const message =
        "can't decode huge.jpg: its header says 12000 × 9000 pixels, more than the limit of 100000000"
      expect(refused).toHaveProperty('error', expect.stringContaining(message))
    }
  })

  it('reads what only the browser can, if that is asked for', async () => {
    const [white, red] = [Uint8Array.of(255, 255, 255), Uint8Array.of(255, 0, 0)]
    const urls = [webp, gif].map((base64) => `data:;base64,${base64}`)
    expect(await decodeThere(opened, urls, { codec: 'browser' })).toEqual([
      { shape: [1, 1, 3], sha: sha256(white) },
      { shape: [1, 1, 3], sha: sha256(red) },
    ])
    const [refused] = await decodeThere(opened, urls)
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
      const results = await decodeThere(opened, urls, { source: 'ants/1.jpg', codec })
      const errors = results.map((result) => ('error' in result ? result.error : 'none'))
      expect(errors[0]).toContain("can't decode ants/1.jpg: it is a HEIC picture, as iPhones take them")
      expect(errors[0]).toContain('Settings → Camera → Formats → Most Compatible')
      expect(errors[1]).toMatch(/^ImageError: can't decode ants\/1.jpg: .*corrupt/)
      expect(errors[2]).toContain("can't decode ants/1.jpg: the file is truncated")
    }
  })
})

describe('a page whose Content-Security-Policy', () => {
  const decodeUnder = async (policy: string) => {
    await using guarded = await openPicturePage(policy)
    const [byDefault] = await decodeThere(guarded, ['/fixtures/rgb-444.jpg'])
    const [inPlainCode] = await decodeThere(guarded, ['/fixtures/rgb-444.jpg'], { codec: 'js' })
    return { byDefault, inPlainCode }
  }
  const inNode = decodeImage(readFileSync(`${fixtures}/rgb-444.jpg`), { codec: 'js' })

  it('forbids WebAssembly is told which directive to change, and can do without', async () => {
    const { byDefault, inPlainCode } = await decodeUnder("default-src 'self'")
    expect(byDefault).toHaveProperty('error', expect.stringMatching(/'wasm-unsafe-eval'.*script-src/))
    expect(byDefault).toHaveProperty('error', expect.stringMatching(/^RuntimeError: the JPEG decoder/))
    expect(inPlainCode).toEqual({ shape: [...inNode.shape], sha: sha256(inNode.data) })
  })

  it('allows it decodes as any other', async () => {
    const { byDefault } = await decodeUnder("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'")
    expect(byDefault).toEqual(pillowOf('rgb-444.jpg'))
  })
})
