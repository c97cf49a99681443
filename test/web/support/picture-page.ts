import { fileURLToPath } from 'node:url'

import * as onnxFinetune from '../../../src/index.ts'
import { openChromium, type Page } from './chromium.ts'
import { serveLibrary } from './library.ts'

/** What the page's script leaves there. */
declare const library: typeof onnxFinetune

const root = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

/** Pictures of each kind, and in a `.json` beside them what Pillow makes of them. */
export const fixtures = root('test/fixtures/vision/decode')
/** By Pillow: one white WebP pixel, lossless, and a red one of GIF, in base64. */
export const webp = 'UklGRh4AAABXRUJQVlA4TBEAAAAvAAAAAAfQ//73v/+BiOh/AAA='
export const gif = 'R0lGODdhAQABAIEAAP8AAAAAAAAAAAAAACwAAAAAAQABAAAIBAABBAQAOw=='

/** The tutorial's pictures, in the workplace only. */
export const real = root('../shared/data/hymenoptera_data/val')

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

/** A page in Chromium with the built library in `library`, beside the pictures. */
export interface PicturePage extends AsyncDisposable {
  readonly url: string
  readonly page: Page
}

/** Opens a page, under a Content-Security-Policy if one is given. */
export async function openPicturePage(policy?: string): Promise<PicturePage> {
  const server = await serveLibrary({
    roots: { '/fixtures/': fixtures, '/real/': real },
    ...(policy !== undefined && { policy }),
    routes: { '/huge.jpg': (_, response) => response.end(huge) },
  })
  const browser = await openChromium()
  const page = await browser.newPage()
  await page.goto(server.url)
  await page.waitForFunction(() => 'library' in globalThis)
  const close = async () => {
    await browser.close()
    await server.close()
  }
  return { url: server.url, page, [Symbol.asyncDispose]: close }
}

/** A picture's shape and the SHA-256 of its bytes, or why there is none. */
export type Decoded = { readonly shape: number[]; readonly sha: string } | { readonly error: string }

/** Decodes the files at `urls` in the page: sizes, and SHA-256 of all bytes; or the error. */
export function decodeThere(
  { page }: PicturePage,
  urls: readonly string[],
  options: onnxFinetune.DecodeOptions = {},
): Promise<Decoded[]> {
  return page.evaluate(
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
