/** Runs that are cut off: by a reload, by the loss of the graphics device. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'

import { isSlow, slowTitle } from '../support/slow.ts'
import { openChromium, type Browser } from './support/chromium.ts'
import { serveLibrary } from './support/library.ts'
import { LibraryPage } from './support/page.ts'
import type { Server } from './support/server.ts'

/** What a page tells of a run. */
interface Run {
  readonly losses: Readonly<Record<number, number>>
  /** The step of the checkpoint that it went on from. */
  readonly resumed?: number
  readonly weights: readonly (readonly [key: string, values: readonly number[]])[]
  readonly error?: { readonly name: string; readonly message: string }
}

const checkpoint = { directory: 'run', everySteps: 3 }
const steps = 44
/** By then a run to be cut off has been cut off, or waits for it. */
const holdAt = 24

let browser: Browser
let server: Server
/** On wasm, never stopped: what the others must come to. */
let whole: Run

beforeAll(async () => {
  server = await serveLibrary()
  browser = await openChromium()
  const page = await LibraryPage.open(browser, server)
  whole = await run(page, { device: 'wasm' })
  expect(Object.keys(whole.losses)).toHaveLength(steps)
  await page.close()
})

afterAll(() => Promise.all([browser.close(), server.close()]))

/** With a private file system of its own. */
async function openPage(): Promise<LibraryPage> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  return LibraryPage.open(context, server)
}

const run = (page: LibraryPage, options: object) => page.call<Run>('interrupted.js', 'run', options)

it('a run that a reload cut off goes on from its checkpoint, to the same numbers as one that never stopped', async () => {
  const page = await openPage()
  await page.call('interrupted.js', 'begin', { device: 'wasm', checkpoint, holdAt })
  await page.until('seen.step >= 12')
  await page.load()
  const rest = await run(page, { device: 'wasm', checkpoint, resume: true })
  await page.close()
  expect(rest.resumed).toBeGreaterThanOrEqual(12)
  expect(rest.resumed).toBeLessThanOrEqual(holdAt)
  expect(rest.losses).toEqual(from(rest.resumed!, whole.losses))
  expect(rest.weights).toEqual(whole.weights)
})

describe('a run whose graphics device is lost', () => {
  /** Trains until `lose` has lost the device; the error, and what the rest of the run is on wasm. */
  async function loseAndGoOn(lose: (page: LibraryPage) => Promise<unknown>): Promise<void> {
    const page = await openPage()
    await page.call('interrupted.js', 'begin', { device: 'webgpu', checkpoint, holdAt })
    await page.until('seen.step >= 6')
    await lose(page)
    await page.call('interrupted.js', 'goOn')
    await page.until('ended')
    const lost = await page.call<Run>('interrupted.js', 'ended')
    expect(lost.error).toMatchObject({
      name: 'DeviceLostError',
      message: expect.stringMatching(
        /since the last checkpoint, which is kept: .*`resume`.*'wasm'/,
      ) as string,
    })
    const rest = await run(page, { device: 'wasm', checkpoint, resume: true })
    await page.close()
    expect(rest.error).toBeUndefined()
    expect(rest.resumed).toBeGreaterThanOrEqual(6)
    expect(rest.resumed).toBeLessThanOrEqual(holdAt)
    for (const [step, loss] of Object.entries(from(rest.resumed!, whole.losses))) {
      expect(Math.abs(rest.losses[Number(step)]! / loss - 1), `loss of step ${step}`).toBeLessThan(1e-3)
    }
  }

  // graph-capture.test.ts and page-troubles.test.ts have its parts.
  it.skipIf(!isSlow)(
    slowTitle('by itself, as a driver loses it, says so, keeps its checkpoints, and goes on on wasm'),
    () => loseAndGoOn((page) => page.call('interrupted.js', 'loseDevice')),
  )

  // page-troubles.test.ts crashes it under the page.
  it.skipIf(!isSlow)(slowTitle('by a crash of the graphics process does the same'), () =>
    loseAndGoOn(async () => (await browser.newBrowserCDPSession()).send('Browser.crashGpuProcess')),
  )
})

/** Those of the steps from `first`. */
function from(first: number, losses: Run['losses']): Run['losses'] {
  return Object.fromEntries(Object.entries(losses).filter(([step]) => Number(step) >= first))
}
