/** The README's tutorial, in a page: unchanged, but for where the files come from. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { models, saveWeights } from '../../src/index.ts'
import { snippets } from '../docs/snippets.ts'
import { openChromium, type Browser } from './support/chromium.ts'
import { serveLibrary } from './support/library.ts'
import { LibraryPage } from './support/page.ts'
import { drawPictures, routesOf } from './support/pictures.ts'
import type { Server } from './support/server.ts'

let browser: Browser
let server: Server
let weights: Buffer

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'readme-'))
  const path = join(folder, 'resnet18.safetensors')
  await saveWeights(path, await models.resnet18())
  weights = await readFile(path)
  await rm(folder, { recursive: true })
  const tutorial = inPage(snippets().find(({ source }) => source.startsWith('README'))!.code)
  server = await serveLibrary({
    routes: {
      ...routesOf(drawPictures(2, 40, 30)),
      '/weights': (_, response) => void response.end(weights),
      '/tutorial.js': (_, response) =>
        void response.setHeader('Content-Type', 'text/javascript').end(tutorial),
    },
  })
  browser = await openChromium()
})

afterAll(() => Promise.all([browser.close(), server.close()]))

/** Its files are mounted from a manifest here, and 25 epochs are one: it is about what runs, and not what it learns. */
function inPage(code: string): string {
  const changed = [
    ["'onnx-finetune'", "'/lib/index.js'"],
    ["'data/hymenoptera_data/train'", '`${root}/train`'],
    ["'data/hymenoptera_data/val'", '`${root}/val`'],
    ["'data/resnet18.pth'", "'/weights'"],
    ['numEpochs: 25', 'numEpochs: 1'],
  ].reduce((text, [from, to]) => {
    expect(text).toContain(from)
    return text.replace(from!, to!)
  }, code)
  const mounting = `import { mountFiles } from '/lib/index.js'
const root = await mountFiles(new URL('/pictures/manifest.json', location.href))
`
  return `${mounting}${changed}\nglobalThis.finished = result`
}

it('runs, and has its result', async () => {
  const page = await LibraryPage.open(browser, server)
  await page.tab.evaluate("import('/tutorial.js')")
  await page.until('"finished" in globalThis')
  const { history, bestAccuracy } = (await page.tab.evaluate(
    '({ history: finished.history, bestAccuracy: finished.bestAccuracy })',
  )) as { readonly history: readonly { readonly train: { readonly loss: number } }[]; bestAccuracy: number }
  expect(history).toHaveLength(1)
  expect(history[0]!.train.loss).toBeGreaterThan(0)
  expect([0, 0.25, 0.5, 0.75, 1]).toContain(bestAccuracy)
  await page.close()
})
