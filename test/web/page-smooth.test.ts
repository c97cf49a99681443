/** The page of `examples/web` doesn't stutter, from the press of Train on. */
import { afterAll, beforeAll, expect, it } from 'vitest'

import { builtApp, longTasksOf, openApp, untilTaken, waitForText } from './support/app.ts'
import { openChromium, type Browser } from './support/chromium.ts'
import { serve, type Server } from './support/server.ts'

declare const pressedAt: number

let browser: Browser
let server: Server

beforeAll(async () => {
  server = await serve({ roots: { '/': await builtApp() } })
  browser = await openChromium()
})

afterAll(() => Promise.all([browser.close(), server.close()]))

// A machine that is busy with something else holds the page too: once in three times it mustn't.
it.each(['wasm', 'webgpu'])(
  'has no task over 50 ms from the press of Train to the end of the first epoch on %s',
  { retry: 2, timeout: 240_000 },
  async (device) => {
    const { page } = await openApp(browser, server.url)
    await untilTaken(page, () => page.getByRole('button', { name: 'Draw a sample' }).click())
    await page.getByLabel('Device').selectOption(device)
    const train = page.getByRole('button', { name: 'Train', exact: true })
    await train.focus()
    await page.evaluate(() => {
      addEventListener(
        'keydown',
        () => {
          Object.assign(globalThis, { pressedAt: performance.now() })
        },
        { capture: true, once: true },
      )
    })
    await page.keyboard.press('Enter')
    await waitForText(page, /after epoch 1\b/, 200_000)
    const since = await page.evaluate(() => pressedAt)
    expect(await longTasksOf(page, since)).toEqual([])
    await page.context().close()
  },
)
