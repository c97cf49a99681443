/** `examples/web-minimal`: one file beside what `npx onnx-finetune web-assets` copies. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { loadClassifier, models, saveWeights } from 'onnx-finetune'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { generateShapes } from '../../examples/shapes/generate.ts'
import { openChromium, type Browser } from './support/chromium.ts'
import { serve, type Server } from './support/server.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Instead of the page's ten: each takes seconds. */
const epochs = 3
let site: string
let pictures: string
let browser: Browser
let server: Server

beforeAll(async () => {
  ;[site, pictures] = [await mkdtemp(join(tmpdir(), 'minimal-')), await mkdtemp(join(tmpdir(), 'minimal-'))]
  const page = await readFile(join(root, 'examples/web-minimal/index.html'), 'utf8')
  expect(page).toContain('numEpochs: 10')
  await writeFile(join(site, 'index.html'), page.replace('numEpochs: 10', `numEpochs: ${epochs}`))
  const command = [join(root, 'dist/node/cli.js'), 'web-assets', join(site, 'onnx-finetune')]
  await promisify(execFile)(process.execPath, command, { cwd: root })
  await saveWeights(join(site, 'resnet18.safetensors'), await models.resnet18())
  await generateShapes({ directory: pictures, trainPerClass: 1, valPerClass: 1 })
  server = await serve({ roots: { '/': site } })
  browser = await openChromium()
})

afterAll(async () => {
  await browser.close()
  await server.close()
  await Promise.all([site, pictures].map((folder) => rm(folder, { recursive: true, force: true })))
})

it('trains a ResNet-18 on a folder and offers the model', { timeout: 180_000 }, async () => {
  const page = await browser.newPage()
  // The tests' graphics adapter is software, and takes minutes for what WebAssembly does in seconds.
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'gpu', { value: undefined })
  })
  await page.goto(server.url)
  await page.fill('#weights', 'resnet18.safetensors')
  const offered = page.waitForEvent('download', { timeout: 150_000 })
  await page.setInputFiles('[type=file]', pictures)
  const model = await readFile(await (await offered).path())
  const said = await page.locator('pre').innerText()
  expect(said).toMatch(/^trains on wasm\nepoch 1: \d+\.0 % right\n/)
  expect(said.trim().split('\n')).toHaveLength(1 + epochs)
  await using classifier = await loadClassifier(model, { device: 'cpu' })
  expect(classifier.classes).toEqual(['ants', 'bees'])
})
