/** The page of `examples/web` for those who use it by keyboard or hear it: axe-core in every state, and where the focus is. */
import { createRequire } from 'node:module'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type * as axeCore from 'axe-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { drawShapes } from '../../examples/shapes/draw.ts'
import { builtApp, openApp, untilTaken, waitForText } from './support/app.ts'
import { openChromium, type Browser, type Page } from './support/chromium.ts'
import { serve, type Server } from './support/server.ts'

declare const axe: typeof axeCore

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
let browser: Browser
let server: Server
let page: Page
let errors: string[]
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-access-'))
  await writeFile(join(folder, 'notes.txt'), 'not a picture')
  server = await serve({ roots: { '/': await builtApp() } })
  browser = await openChromium(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'])
  ;({ page, errors } = await openApp(browser, server.url))
  await page.emulateMedia({ reducedMotion: 'reduce' })
})

afterAll(async () => {
  await browser.close()
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })

/** What axe-core finds in the page as it is now: in the dark on a phone, and in light on a desk. */
async function complaints(): Promise<string[]> {
  await page.addScriptTag({ path: axePath })
  const found = new Set<string>()
  for (const [colorScheme, width] of [
    ['dark', 390],
    ['light', 1280],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 900 })
    const { violations } = await page.evaluate(() => axe.run())
    for (const { id, nodes } of violations)
      for (const { html } of nodes) found.add(`${colorScheme}: ${id}: ${html.slice(0, 120)}`)
  }
  return [...found]
}

/** What has the focus: its label or text. */
const focused = () =>
  page.evaluate(() => {
    const active = document.activeElement!
    return active.getAttribute('aria-label') ?? active.id
  })

/** What has the focus, as it is written there. */
const focusedText = () => page.evaluate(() => (document.activeElement as HTMLElement).innerText)

/** A machine that is busy draws late. */
const patience = { timeout: 10_000 }

/** Tabs until what has the focus is so called. */
async function tabTo(name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press('Tab')
    if ((await focused()) === name || (await focusedText()) === name) return
  }
  throw new Error(`Tab doesn't come to ${name}`)
}

// Each goes on where the one before ended.
describe('by keyboard alone', { timeout: 240_000 }, () => {
  it('the sample is taken', async () => {
    expect(await complaints()).toEqual([])
    await page.keyboard.press('Tab')
    await expect.poll(focusedText, patience).toBe('Skip to the pictures')
    await untilTaken(page, async () => {
      await tabTo('Draw a sample: ants and bees')
      await page.keyboard.press('Enter')
    })
    await expect.poll(focusedText, patience).toBe('Add a class')
    await page.locator('input[name=add-ants]').setInputFiles(join(folder, 'notes.txt'))
    await page.locator('.skipped').waitFor()
    expect(await complaints()).toEqual([])
  })

  it('a class is made, named, given a picture twice, and removed; the focus stays by what was done', async () => {
    await page.locator('#data').getByText('Add a class').focus()
    await page.keyboard.press('Enter')
    await expect.poll(focused, patience).toBe('Name of the class class 3')
    await page.keyboard.type('crickets')
    await page.keyboard.press('Tab')
    await expect.poll(focused, patience).toBe('Remove the class crickets')

    const [drawn] = drawShapes({ trainPerClass: 1, valPerClass: 1 })
    const buffer = Buffer.from(drawn!.draw())
    const twice = ['one.jpg', 'two.jpg'].map((name) => ({ name, mimeType: 'image/jpeg', buffer }))
    await page.locator('input[name=add-crickets]').setInputFiles(twice)
    await page.getByText('it is in “crickets” already').waitFor()
    await page.getByLabel('Remove one.jpg').waitFor()
    await page.getByLabel('Remove one.jpg').focus()
    await page.keyboard.press('Enter')
    await page.getByText('Drop or paste pictures here.').waitFor()
    await expect.poll(focusedText, patience).toBe('Add pictures')

    await page.getByLabel('Remove the class crickets').focus()
    await page.keyboard.press('Enter')
    await page.getByLabel('Remove the class crickets').waitFor({ state: 'detached' })
    await expect
      .poll(() => page.evaluate(() => document.activeElement!.closest('#data') !== null), patience)
      .toBe(true)
  })

  it('a training is begun, paused and stopped', async () => {
    await page.getByLabel('Device').focus()
    await page.keyboard.type('WebAss')
    expect(await page.getByLabel('Device').inputValue()).toBe('wasm')
    await tabTo('Train')
    await page.keyboard.press('Enter')
    await expect.poll(focusedText, patience).toBe('Stop')
    await page.getByText('Pictures a second').waitFor()
    await button('Pause').and(page.locator(':enabled')).waitFor()
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Space')
    await waitForText(page, /^Paused$/)
    await expect.poll(focusedText, patience).toBe('Continue')
    expect(await complaints()).toEqual([])
    await page.keyboard.press('Space')
    await waitForText(page, /after epoch 1\b/)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await waitForText(page, /^Stopped: the best epoch got/)
    await expect.poll(focusedText, patience).toBe('Go on with the last training')
    await page.locator('summary', { hasText: 'Numbers of every epoch' }).focus()
    await page.keyboard.press('Enter')
    expect(await complaints()).toEqual([])
  })

  it('the model looks at a picture, says what it can’t look at, and is downloaded', async () => {
    await page.getByRole('link', { name: 'try the model' }).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await expect.poll(focusedText, patience).toBe('Choose a picture')
    await page.locator('input[name=try]').setInputFiles(join(folder, 'notes.txt'))
    await page.locator('#try .problem').waitFor()
    expect(await page.locator('#try .problem').innerText()).toBe(
      'notes.txt: It is no picture that this browser knows',
    )
    expect(await complaints()).toEqual([])
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await page.locator('#try .bars li').first().waitFor()
    expect(await complaints()).toEqual([])
    await page.keyboard.press('Space')
    await tabTo('Download .onnx')
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
    expect(download.suggestedFilename()).toBe('model.onnx')
    expect(errors).toEqual([])
  })
})
