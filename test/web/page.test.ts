/** The page of `examples/web`, used as people would: a folder in, a network trained, stopped, gone on with, tried, downloaded. */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { decodeImage, encodePng, loadClassifier } from 'onnx-finetune'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { generateShapes } from '../../examples/shapes/generate.ts'
import { openChromium, type Browser, type Page } from './support/chromium.ts'
import {
  bestAccuracy,
  builtApp,
  chooseFolder,
  epochRows,
  openApp,
  overflows,
  shoot,
  waitForText,
} from './support/app.ts'
import { paste } from './support/paste.ts'
import { serve, type Server } from './support/server.ts'

let browser: Browser
let server: Server
let folder: string
let page: Page
let errors: string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-'))
  const [site] = await Promise.all([
    builtApp(),
    generateShapes({ directory: join(folder, 'pictures'), trainPerClass: 80, valPerClass: 20 }),
  ])
  server = await serve({ roots: { '/': site } })
  browser = await openChromium()
  ;({ page, errors } = await openApp(browser, server.url))
})

afterAll(async () => {
  await browser.close()
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })
const plots = () =>
  page
    .locator('.plot canvas')
    .evaluateAll((all) => all.map((each) => (each as HTMLCanvasElement).toDataURL()))

/** What code prints as a plain module beside these files, with the library installed. */
async function runInNode(code: string, files: Readonly<Record<string, string>>): Promise<string> {
  const project = join(folder, 'project')
  await mkdir(join(project, 'node_modules'), { recursive: true })
  await symlink(fileURLToPath(new URL('../..', import.meta.url)), join(project, 'node_modules/onnx-finetune'))
  await writeFile(join(project, 'main.mjs'), code)
  for (const [name, path] of Object.entries(files)) await copyFile(path, join(project, name))
  const { stdout } = await promisify(execFile)(process.execPath, ['main.mjs'], { cwd: project })
  return stdout
}

// Each goes on where the one before ended.
describe('the page', () => {
  let rowsBefore: string[][]
  let predicted: string

  it('takes a folder with classes, and says what is in it', async () => {
    await shoot(page, '1-empty')
    await chooseFolder(page, join(folder, 'pictures'))
    const data = await page.locator('#data').innerText()
    expect(data).toContain(
      '200 pictures in 2 classes: 160 to learn from, 40 to check on, as the folders say.',
    )
    expect(await page.getByRole('group', { name: /^Class/ }).count()).toBe(2)
    await shoot(page, '2-pictures')
  })

  it('says by the field what is wrong with a setting', async () => {
    await page.getByLabel('Epochs').fill('0')
    const message = await page.locator('#epochs-message').innerText()
    expect(message).toBe('Give a whole number from 1 to 1000.')
    expect(await button('Train').isDisabled()).toBe(true)
    await page.getByLabel('Epochs').fill('6')
    await page.getByLabel('Device').selectOption('wasm')
  })

  it('trains; plots and predictions move', async () => {
    const empty = await plots()
    await button('Train').press('Enter')
    await waitForText(page, /after epoch 1\b/)
    expect(await page.locator('.device').innerText()).toMatch(/^Runs on WebAssembly/)
    const [first, seen] = [await plots(), await page.locator('#predictions').innerText()]
    await shoot(page, '3-training')
    await waitForText(page, /after epoch 3\b/)
    const second = await plots()
    for (const [index, image] of second.entries()) {
      expect(new Set([empty[index], first[index], image]).size, 'plots that differ').toBe(3)
    }
    expect(await page.locator('#predictions').innerText()).not.toBe(seen)
  })

  it('pauses, stops, and goes on after a reload where it was', async () => {
    await button('Pause').click()
    await waitForText(page, /^Paused$/)
    const paused = await page.locator('.progress').innerText()
    await page.waitForTimeout(700)
    expect(await page.locator('.progress').innerText()).toBe(paused)
    await button('Continue').click()
    await button('Stop').click()
    await waitForText(page, /^Stopped: the best epoch got/)
    rowsBefore = await epochRows(page)
    expect(rowsBefore.length).toBeGreaterThanOrEqual(3)

    await page.reload()
    await button('Go on with the last training').click()
    await waitForText(page, new RegExp(`Goes on after ${rowsBefore.length} epochs`))
    expect(await epochRows(page)).toEqual(rowsBefore)
  })

  it('goes on after a reload in the middle of an epoch', async () => {
    await waitForText(page, /Saved after \d+ steps/)
    await page.reload()
    await button('Go on with the last training').click()
    await waitForText(page, /^Done: the best epoch got/)
    const rows = await epochRows(page)
    expect(rows.map(([epoch]) => epoch)).toEqual(['1', '2', '3', '4', '5', '6'])
    expect(rows.slice(0, rowsBefore.length)).toEqual(rowsBefore)
    expect(bestAccuracy(rows)).toBeGreaterThan(90)
    await shoot(page, '4-done')
  })

  it('looks at a picture with the model, also after a reload', async () => {
    await page.reload()
    const picture = join(folder, 'pictures/val/bees/bees-003.jpg')
    await page.locator('input[name=try]').setInputFiles(picture)
    const bars = page.locator('#try .bars li')
    await bars.first().waitFor()
    expect(await bars.first().innerText()).toMatch(/^bees/)
    predicted = (await bars.first().getAttribute('data-probability'))!
    await shoot(page, '5-try')

    await page.locator('#try .lead').click()
    await paste(page, encodePng(decodeImage(await readFile(picture))))
    await page.getByRole('img', { name: /^pasted/ }).waitFor()
    expect(await bars.first().innerText()).toMatch(/^bees/)
    expect(Number(await bars.first().getAttribute('data-probability'))).toBeCloseTo(Number(predicted), 6)
  })

  it('downloads a model that says the same in Node', async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), button('Download .onnx').click()])
    expect(download.suggestedFilename()).toBe('model.onnx')
    await using classifier = await loadClassifier(await readFile(await download.path()), { device: 'cpu' })
    const [best] = await classifier.predict(join(folder, 'pictures/val/bees/bees-003.jpg'))
    expect(best!.label).toBe('bees')
    expect(Math.abs(best!.probability - Number(predicted))).toBeLessThan(1e-4)

    const ant = join(folder, 'pictures/val/ants/ants-003.jpg')
    const code = await page.locator('.snippet code').first().innerText()
    const printed = await runInNode(code, { 'model.onnx': await download.path(), 'ants.jpg': ant })
    expect(printed).toMatch(/^ants (0\.[5-9]\d*|1)\nbees \S+\n$/)

    const [weights] = await Promise.all([
      page.waitForEvent('download'),
      button('Download .safetensors').click(),
    ])
    expect((await readFile(await weights.path())).length).toBeGreaterThan(1_000_000)
  })

  it('fits a phone, and has a dark mode', async () => {
    await page.emulateMedia({ colorScheme: 'dark' })
    await shoot(page, '6-dark')
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await overflows(page)).toBe(false)
    await shoot(page, '7-phone-dark')
    await page.emulateMedia({ colorScheme: 'light' })
    await shoot(page, '8-phone')
  })

  it('has thrown nothing', () => {
    expect(errors).toEqual([])
  })
})
