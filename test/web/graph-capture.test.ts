/** Training steps on WebGPU whose commands are recorded once and replayed. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

import { openChromium, type Browser } from './support/chromium.ts'
import { serveLibrary } from './support/library.ts'
import { LibraryPage } from './support/page.ts'
import type { Server } from './support/server.ts'

interface Epochs {
  readonly losses: readonly number[]
  readonly evaluations: readonly number[]
  readonly replays: readonly number[]
  /** From buffer to buffer, in each replay. */
  readonly copies: readonly number[]
  readonly warnings: readonly string[]
}

// Minutes, where the machine does other work: WebGPU is the processor's.
vi.setConfig({ testTimeout: 600_000 })

let browser: Browser
let server: Server
/** One for all: to make ONNX Runtime's WebAssembly ready takes the most of the time. */
let page: LibraryPage

beforeAll(async () => {
  server = await serveLibrary()
  browser = await openChromium()
  page = await LibraryPage.open(browser, server)
  // ONNX Runtime forgets its pipelines with its last session, and SwiftShader takes four seconds to make them.
  await page.call('capture.js', 'keepPipelines')
})

afterAll(async () => {
  await page.close()
  await Promise.all([browser.close(), server.close()])
})

const inPage = <T>(name: string, options: object = {}) => page.call<T>('capture.js', name, options)

const plain = new Map<string, Promise<Epochs>>()

/** Without any recording; run once. */
function asItIs(network: string): Promise<Epochs> {
  const running = plain.get(network) ?? runPlainly(network)
  plain.set(network, running)
  return running
}

async function runPlainly(network: string): Promise<Epochs> {
  const found = await inPage<Epochs>('fourEpochs', { network, graphCapture: false })
  expect(found.losses).toHaveLength(24)
  expect(found.evaluations).toHaveLength(5)
  expect(found.replays).toEqual([])
  return found
}

/** From the ninth on; but the last of an epoch is smaller. */
const replayed = [9, 10, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22]

describe('replayed steps', () => {
  // Each parameter, its momentum, BatchNorm's two statistics; loss and logits.
  it.each([
    ['linear', 6],
    ['convolutions', 16],
  ])(
    'compute bit by bit what steps do that are encoded anew, and copy what changes: %s',
    async (network, changing) => {
      const { replays, copies, ...found } = await inPage<Epochs>('fourEpochs', { network })
      expect({ ...found, replays: [], copies: [] }).toEqual(await asItIs(network))
      expect(replays).toEqual(replayed)
      expect(copies.at(-1)).toBe(changing)
    },
  )

  it('do so with storage in float16, and copy frozen weights once', async (context) => {
    if (!(await inPage('hasHalf'))) context.skip("this adapter has no 'shader-f16'")
    const options = { network: 'convolutions', storage: 'float16', frozen: true }
    const { replays, copies, ...found } = await inPage<Epochs>('fourEpochs', options)
    const plainly = await inPage<Epochs>('fourEpochs', { ...options, graphCapture: false })
    expect({ ...found, replays: [], copies: [] }).toEqual(plainly)
    expect(replays).toEqual(replayed)
    expect(copies.at(-1)).toBe(12)
  })

  it.each([
    ['refused', 'not replayed, so they may take longer: no graph capture today'],
    ['wrong', 'the first one gave other numbers'],
  ])('are none where recording is %s, and a warning says why', async (sabotage, why) => {
    const found = await inPage('fourEpochs', { network: 'linear', sabotage })
    const { warnings, ...rest } = await asItIs('linear')
    expect(found).toEqual({ ...rest, warnings: [expect.stringContaining(why)] })
    expect(warnings).toEqual([])
  })

  it('keep no tensor and no buffer that a step made', async () => {
    const found = await inPage('threeHundredSteps')
    // Weight, bias and the momentum of each; the snapshot has two; replays read four.
    expect(found).toEqual({ live: { 59: 10, 299: 10, end: 0 }, twice: 0, kept: 0 })
  })

  it('end with the error of a lost device, and the session can be closed', async () => {
    expect(await inPage('loseDevice')).toEqual(['DeviceLostError', 'DeviceLostError'])
  })
})
