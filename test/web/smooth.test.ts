/** The page's own thread, while the library trains and nothing else is done there. */
import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Found } from './pages/pictures.js'
import { openChromium, type Browser } from './support/chromium.ts'
import { serveLibrary } from './support/library.ts'
import { LibraryPage } from './support/page.ts'
import { drawPictures, routesOf } from './support/pictures.ts'
import type { Server } from './support/server.ts'

let browser: Browser
let server: Server

beforeAll(async () => {
  server = await serveLibrary({ routes: routesOf(drawPictures(4, 300, 260)) })
  browser = await openChromium()
})

afterAll(() => Promise.all([browser.close(), server.close()]))

// A machine that is busy with something else holds the page too: once in five times it mustn't.
it.each([
  ['resnet18', 'wasm'],
  ['linear', 'webgpu'],
])('has no task of 50 ms while %s trains on %s', { retry: 4 }, async (network, device) => {
  const page = await LibraryPage.open(browser, server)
  const { longTasks, losses } = await page.call<Found>('pictures.js', 'trainPictures', {
    network,
    device,
    numEpochs: 1,
  })
  expect(losses).toHaveLength(2)
  expect(longTasks).toEqual([])
  await page.close()
})

it('would notice a task of 60 ms', async () => {
  const page = await LibraryPage.open(browser, server)
  expect(await page.call<number>('pictures.js', 'countTasksOf', 60)).toBe(1)
  await page.close()
})
