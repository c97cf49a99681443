/** Training on pictures that come over the network, with all workers, in each browser and on each device. */
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import * as library from '../../src/index.ts'
import { trainPictures, type Found } from './pages/pictures.js'
import { isSlow, slowTitle } from '../support/slow.ts'
import { openChromium, type Browser } from './support/chromium.ts'
import { openFirefox, type FirefoxBrowser } from './support/firefox.ts'
import { serveLibrary } from './support/library.ts'
import { LibraryPage } from './support/page.ts'
import { drawPictures, routesOf, writePictures } from './support/pictures.ts'
import type { Server, ServeOptions } from './support/server.ts'

/** Each thread of ONNX Runtime loads it. */
const loader = 'ort-wasm-simd-threaded.mjs'
let loaded = 0

let reference: Found
let browser: Browser
let firefox: FirefoxBrowser
let isolated: Server
let plain: Server

beforeAll(async () => {
  const pictures = drawPictures(8, 20, 24)
  const folder = await mkdtemp(join(tmpdir(), 'training-'))
  await writePictures(pictures, folder)
  reference = await trainPictures({ library, folder, device: 'cpu' })
  await rm(folder, { recursive: true })
  const loads = join(
    fileURLToPath(new URL('../..', import.meta.url)),
    'node_modules/onnxruntime-web/dist',
    loader,
  )
  const routes: NonNullable<ServeOptions['routes']> = {
    ...routesOf(pictures),
    [`/lib/onnxruntime-web/${loader}`]: (_, response) => {
      loaded++
      createReadStream(loads).pipe(response.setHeader('Content-Type', 'text/javascript'))
    },
  }
  isolated = await serveLibrary({ routes })
  plain = await serveLibrary({ routes, isIsolated: false })
  browser = await openChromium()
  firefox = await openFirefox()
})

afterAll(async () => {
  await Promise.all([browser.close(), firefox.close(), isolated.close(), plain.close()])
})

async function train(where: Browser | FirefoxBrowser, server: Server, options: object): Promise<Found> {
  const page = await LibraryPage.open(where, server)
  loaded = 0
  const found = await page.call<Found>('pictures.js', 'trainPictures', options)
  await page.close()
  return found
}

/** As in Node, on whose CPU it learns to tell all pictures. */
function expectSame({ losses, accuracy }: Found): void {
  expect(reference.accuracy).toBe(1)
  expect(accuracy).toBe(1)
  expect(losses).toHaveLength(reference.losses.length)
  losses.forEach((loss, step) => {
    expect(Math.abs(loss / reference.losses[step]! - 1), `loss of step ${step}`).toBeLessThan(1e-3)
  })
}

describe('in Chromium, training', () => {
  it('on wasm learns on many threads, without a warning where the page is isolated', async () => {
    const found = await train(browser, isolated, { device: 'wasm' })
    expectSame(found)
    expect(found).toMatchObject({ device: 'wasm', reason: 'as chosen', warnings: [] })
    expect(new Set(found.workers)).toEqual(new Set(['engine-worker.js', 'loader-worker.js']))
    expect(loaded).toBe(found.processors)
  })

  it('on wasm learns on one thread where the page is not isolated, and says which headers are missing', async () => {
    const found = await train(browser, plain, { device: 'wasm' })
    expectSame(found)
    expect(loaded).toBe(1)
    expect(found.warnings).toEqual([
      expect.stringMatching(/one thread.*Cross-Origin-Opener-Policy.*Cross-Origin-Embedder-Policy/),
    ])
  })

  // parity.test.ts trains on it in a page that is isolated.
  it.skipIf(!isSlow)(
    slowTitle('on WebGPU learns where the page is not isolated, without a warning'),
    async () => {
      const found = await train(browser, plain, { device: 'webgpu' })
      expectSame(found)
      expect(found).toMatchObject({ device: 'webgpu', warnings: [] })
    },
  )
})

describe('in Firefox, training', () => {
  it('on wasm learns where the page is isolated', async () => {
    expectSame(await train(firefox, isolated, { device: 'wasm' }))
  })

  it.skipIf(!isSlow)(slowTitle('on wasm learns where it is not'), async () => {
    expectSame(await train(firefox, plain, { device: 'wasm' }))
  })
})
