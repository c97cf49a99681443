import type { Browser, Page } from 'playwright-core'

import { openChromium, wholeBrowsers } from '../../test/web/support/chromium.ts'
import { median } from '../median.ts'
import type { StepRequest, Work } from './protocol.ts'

/** What is measured: a library's page on one of its backends. */
export interface Contender {
  readonly library: string
  readonly page: string
  readonly backend: 'wasm' | 'webgpu' | 'webgl'
}

/** A step's times, or why there are none. */
export interface Measured {
  readonly library: string
  readonly backend: string
  readonly work: Work
  readonly batch: number
  /** Pixels a side. */
  readonly size: number
  /** Median seconds of a step. */
  readonly seconds?: number | undefined
  readonly times?: readonly number[] | undefined
  /** From the start, the page being loaded, to the end of the first step. */
  readonly first?: number | undefined
  readonly absent?: string | undefined
}

export interface Limits {
  /** Seconds that one step may take. */
  readonly limit: number
  /** Steps after the first. */
  readonly steps: number
}

/** Trains in a browser of its own: a page that hangs ends with it. */
export async function measure(
  url: string,
  { library, page: name, backend }: Contender,
  { work, batch, size }: Omit<StepRequest, 'backend'>,
  { limit, steps }: Limits,
): Promise<Measured> {
  const about = { library, backend, work, batch, size }
  // The shell has no WebGL for TensorFlow.js.
  const browser = await openChromium([], wholeBrowsers)
  try {
    const page = await openPage(browser, `${url}${name}.html`)
    const began = performance.now()
    const request: StepRequest = { backend, work, batch, size }
    await within(
      limit,
      page.evaluate((given) => globalThis.contender.prepare(given), request),
    )
    await timeStep(page, limit)
    const first = (performance.now() - began) / 1000
    const times: number[] = []
    for (let step = 0; step < steps; step++) times.push(await timeStep(page, limit))
    return { ...about, seconds: median(times), times, first }
  } catch (error) {
    return {
      ...about,
      absent: error instanceof TooLong ? `more than ${limit} s` : `can't: ${reasonOf(error)}`,
    }
  } finally {
    await browser.close()
  }
}

async function openPage(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(url)
  await page.waitForFunction(() => 'contender' in globalThis)
  return page
}

/** Seconds by the page's own clock. */
async function timeStep(page: Page, limit: number): Promise<number> {
  const work = page.evaluate(async () => {
    const began = performance.now()
    const loss = await globalThis.contender.step()
    if (!Number.isFinite(loss)) throw new Error(`the loss became ${loss}`)
    return (performance.now() - began) / 1000
  })
  return within(limit, work)
}

class TooLong extends Error {}

async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new TooLong())
    }, seconds * 1000)
  })
  work.catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The first line of what the page threw, without the driver's words around it. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message
    .replace(/^page\.\w+: /, '')
    .replace(/^Error: /, '')
    .split('\n')[0]!
    .slice(0, 160)
}
