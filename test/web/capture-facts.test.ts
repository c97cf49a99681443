/**
 * What onnxruntime-web 1.30's graph capture does and doesn't: the reasons for how `runtime/captured-session.ts` uses it. A test that
 * fails after an upgrade says that a reason has gone, or that a new one has come.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'

import { Graph } from '../../src/graph/graph.ts'
import { serialize } from '../../src/graph/serialize.ts'
import { openChromium, type Browser } from './support/chromium.ts'
import { serveLibrary } from './support/library.ts'
import { LibraryPage } from './support/page.ts'
import type { Server } from './support/server.ts'

let browser: Browser
let server: Server

beforeAll(async () => {
  server = await serveLibrary()
  browser = await openChromium()
})

afterAll(() => Promise.all([browser.close(), server.close()]))

/** y = x + x */
function doubling(): number[] {
  const graph = new Graph()
  const x = graph.input('x', 'float32', [4])
  graph.output(graph.add('Add', [x, x], {}, [{ dtype: 'float32', shape: [4] }]).output())
  return [...serialize(graph)]
}

it('a session that captures replays in the buffers of the first run, whatever buffer and graph a later one names', async () => {
  const page = await LibraryPage.open(browser, server)
  expect(await page.call('capture-facts.js', 'otherBuffers', doubling())).toEqual([2, 4, 4, 4])
  await page.close()
})
