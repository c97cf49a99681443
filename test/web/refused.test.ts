/** What browsers, policies and networks refuse: the error names it, and says what to do. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'

import { openChromium, type Browser } from './support/chromium.ts'
import { openFirefox, type FirefoxBrowser } from './support/firefox.ts'
import { serveLibrary } from './support/library.ts'
import { LibraryPage } from './support/page.ts'
import { drawPictures, routesOf } from './support/pictures.ts'
import { serve, type Server } from './support/server.ts'

/** What a page tells of a step. */
interface Outcome {
  readonly device?: string
  readonly reason?: string
  readonly error?: { readonly name: string; readonly message: string }
}

const routes = routesOf(drawPictures(2, 20, 20))
let browser: Browser
let firefox: FirefoxBrowser
let server: Server

beforeAll(async () => {
  server = await serveLibrary({ routes })
  browser = await openChromium()
  firefox = await openFirefox()
})

afterAll(() => Promise.all([browser.close(), firefox.close(), server.close()]))

/** Trains one step. The console may complain: the browser does so of each thing that it blocks. */
async function trainOnce(
  options: object,
  { where = browser, at = server }: { where?: Pick<Browser | FirefoxBrowser, 'newPage'>; at?: Server } = {},
): Promise<Outcome> {
  const page = await LibraryPage.open(where, at)
  try {
    return await page.call<Outcome>('refused.js', 'trainOnce', options)
  } finally {
    await page.tab.close()
  }
}

describe('a page whose policy', () => {
  async function under(policy: string): Promise<Server> {
    const strict = await serveLibrary({ routes, policy })
    onTestFinished(() => strict.close())
    return strict
  }

  const allowed = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'"

  it.each(['Chromium', 'Firefox'])('allows what is needed, and no more, trains in %s', async (name) => {
    const at = await under(allowed)
    const where = name === 'Chromium' ? browser : firefox
    expect(await trainOnce({ device: 'wasm', numWorkers: 1 }, { at, where })).toMatchObject({
      device: 'wasm',
    })
  })

  it.each(['Chromium', 'Firefox'])('forbids workers is told by its directive, in %s', async (name) => {
    const at = await under(allowed.replace("worker-src 'self'", "worker-src 'none'"))
    const { error } = await trainOnce(
      { device: 'wasm' },
      { at, where: name === 'Chromium' ? browser : firefox },
    )
    expect(error?.message).toMatch(/Content-Security-Policy.*worker-src/)
  })

  it.each(['Chromium', 'Firefox'])('forbids WebAssembly is told by its directive, in %s', async (name) => {
    const at = await under(allowed.replace(" 'wasm-unsafe-eval'", ''))
    const { error } = await trainOnce(
      { device: 'wasm' },
      { at, where: name === 'Chromium' ? browser : firefox },
    )
    expect(error?.message).toMatch(/Content-Security-Policy.*'wasm-unsafe-eval'.*script-src/)
  })

  it.each(['Chromium', 'Firefox'])('forbids a server is told by its directive, in %s', async (name) => {
    const at = await under(allowed)
    const elsewhere = 'http://weights.example:8080'
    const where = name === 'Chromium' ? browser : firefox
    const url = `${elsewhere}/w.safetensors`
    for (const options of [{ weights: url }, { weights: url, isDownload: true }]) {
      const { error } = await trainOnce({ device: 'wasm', ...options }, { at, where })
      expect(error?.message).toContain(
        `Content-Security-Policy forbids it: add ${elsewhere} to its directive connect-src`,
      )
      expect(error?.message).not.toMatch(/CORS/)
    }
  })

  it('forbids the pictures of captions is told by its directive', async () => {
    const at = await under(allowed)
    const page = await LibraryPage.open(browser, at)
    const { error } = await page.call<Outcome>('refused.js', 'drawCaptions')
    await page.tab.close()
    expect(error).toMatchObject({
      name: 'RuntimeError',
      message: expect.stringMatching(/Content-Security-Policy.*img-src must allow data:/) as string,
    })
  })

  it('forbids its own files is told so', async () => {
    const at = await under(`${allowed}; connect-src http://elsewhere.example`)
    const { error } = await trainOnce({ device: 'wasm', weights: '/w.safetensors' }, { at })
    expect(error?.message).toMatch(
      /Content-Security-Policy forbids it: add 'self' to its directive connect-src/,
    )
  })
})

describe('a browser without WebGPU', () => {
  /** Firefox has none at all; Chromium has no adapter here. */
  const without = async (name: string): Promise<Pick<Browser | FirefoxBrowser, 'newPage'>> => {
    if (name === 'Firefox') return firefox
    const chromium = await openChromium(['--disable-gpu', '--disable-software-rasterizer'])
    onTestFinished(() => chromium.close())
    return chromium
  }

  it.each(['Chromium', 'Firefox'])(
    'says so and what to do, and trains on wasm with auto, in %s',
    async (name) => {
      const where = await without(name)
      const { error } = await trainOnce({ device: 'webgpu' }, { where })
      expect(error?.name).toBe('RuntimeError')
      expect(error?.message).toMatch(/webgpu.*(driver|browser)/)
      expect(error?.message).toMatch(/use device: '(wasm|auto)'/)
      const outcome = await trainOnce({ device: 'auto' }, { where })
      expect(outcome).toMatchObject({
        device: 'wasm',
        reason: expect.stringMatching(/this browser has no WebGPU, or no graphics driver/) as string,
      })
    },
  )
})

it('captions in a worker are refused, since only pages can draw them', async () => {
  const page = await LibraryPage.open(browser, server)
  const { error } = await page.call<Outcome>('refused.js', 'drawCaptionsInWorker')
  await page.close()
  expect(error).toMatchObject({
    name: 'RuntimeError',
    message: expect.stringMatching(/call visualizeModel and the like there, not in a worker/) as string,
  })
})

describe('a batch that WebAssembly has no memory for', () => {
  it('is refused before it is run, with one that fits, which trains then', async () => {
    const page = await LibraryPage.open(browser, server)
    const { error, loss } = await page.call<Outcome & { readonly loss: number }>('refused.js', 'trainTooMuch')
    await page.close()
    expect(error).toMatchObject({ name: 'RuntimeError' })
    expect(error!.message).toMatch(
      /^a batch of 200 would take about \d+\.\d GB of WebAssembly's 4\.0 GB: take batches of at most \d+,/,
    )
    expect(loss).toBeGreaterThan(0)
  })
})

describe('a graphics driver that computes on the processor', () => {
  it('gives way to wasm with auto', async () => {
    const outcome = await trainOnce({ device: 'auto' })
    expect(outcome).toMatchObject({
      device: 'wasm',
      reason: expect.stringMatching(/on the processor/) as string,
    })
  })
})

describe('weights from a URL', () => {
  it('of a server that does not share them with other pages are refused by the name of what is missing', async () => {
    const elsewhere = await serve({
      roots: {},
      routes: { '/w.pth': (_, response) => void response.end('weights') },
    })
    onTestFinished(() => elsewhere.close())
    const { error } = await trainOnce({ device: 'wasm', weights: `${elsewhere.url}w.pth` })
    expect(error?.message).toContain(`${elsewhere.url}w.pth`)
    expect(error?.message).toMatch(/CORS|Access-Control-Allow-Origin/)
  })

  it('say that the device is offline, where it is', async () => {
    const context = await browser.newContext()
    onTestFinished(() => context.close())
    const page = await LibraryPage.open(context, server)
    await page.call('refused.js', 'trainOnce', { device: 'wasm' })
    await context.setOffline(true)
    const { error } = await page.call<Outcome>('refused.js', 'trainOnce', {
      device: 'wasm',
      weights: '/w.pth',
    })
    expect(error?.message).toMatch(/offline/)
  })
})
