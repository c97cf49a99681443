/** The page of `examples/web`: what is dropped on it or pasted, a graphics processor that is lost, no room, and policies that forbid things. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { decodeImage, encodePng } from 'onnx-finetune'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'

import { drawShapes } from '../../examples/shapes/draw.ts'
import { builtApp, chooseFolder, epochRows, openApp, untilTaken, waitForText } from './support/app.ts'
import { openChromium, type Browser, type Page } from './support/chromium.ts'
import { dropOn } from './support/drop.ts'
import { paste } from './support/paste.ts'
import { serve, type Server } from './support/server.ts'

let browser: Browser
let site: string
let server: Server
/** Four pictures in each of two classes. */
let pictures: string

beforeAll(async () => {
  pictures = await mkdtemp(join(tmpdir(), 'page-troubles-'))
  for (const { split, className, name, draw } of drawShapes({ trainPerClass: 4, valPerClass: 1 })) {
    if (split !== 'train') continue
    const path = join(pictures, className, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, draw())
  }
  site = await builtApp()
  server = await serve({ roots: { '/': site } })
  browser = await openChromium()
})

afterAll(async () => {
  await browser.close()
  await server.close()
  await rm(pictures, { recursive: true, force: true })
})

/** In a profile of its own; nothing may be thrown there. */
async function open(at: Server = server): Promise<Page> {
  const { page, errors } = await openApp(browser, at.url)
  onTestFinished(async () => {
    await page.context().close()
    expect(errors).toEqual([])
  })
  return page
}

/** The text of an error that is shown. */
async function shownError(page: Page): Promise<string> {
  const notice = page.locator('.notice.error p')
  await notice.first().waitFor()
  return notice.first().innerText()
}

async function train(page: Page, device: string): Promise<void> {
  await page.getByLabel('What learns').selectOption('head')
  await page.getByLabel('Device').selectOption(device)
  await page.getByRole('button', { name: 'Train', exact: true }).click()
}

const countOf = (page: Page, name: string) =>
  page
    .getByRole('group', { name: `Class ${name}` })
    .locator('.count')
    .innerText()

describe('a drop', () => {
  it('of a folder is a data set, and of files on a class more pictures of it', async () => {
    const page = await open()
    let isOver: string | null = ''
    await untilTaken(page, () =>
      dropOn(page, '#data', [pictures], async () => {
        isOver = await page.locator('#data').getAttribute('data-over')
      }),
    )
    expect(isOver).toBe('true')
    expect(await page.locator('#data').getAttribute('data-over')).toBe('false')
    expect(await page.locator('#data').innerText()).toContain('8 pictures in 2 classes')

    const [first, second] = ['ants/ants-000.jpg', 'bees/bees-001.jpg'].map((path) => join(pictures, path))
    await untilTaken(page, () => dropOn(page, '[aria-label="Class bees"]', [first!, second!]))
    expect([await countOf(page, 'ants'), await countOf(page, 'bees')]).toEqual(['4 pictures', '5 pictures'])
    const text = await page.locator('#data').innerText()
    expect(text).toContain('bees-001.jpg: it is in “bees” already')
    expect(text).toMatch(/The same picture is in “ants” and in “bees” \(ants-000\.jpg\)/)
  })
})

describe('a paste', () => {
  it('adds a picture to the class that was last worked on, and says what to do where there is none', async () => {
    const page = await open()
    const png = encodePng(decodeImage(await readFile(join(pictures, 'ants/ants-000.jpg'))))
    const notice = page.locator('.notice.info p')
    await paste(page, png)
    await notice.waitFor()
    expect(await notice.innerText()).toBe(
      'Click where the picture is to go, on a class or in “Try”, and paste it again.',
    )
    await page.getByRole('button', { name: 'Close' }).click()

    await page.getByRole('button', { name: 'Add a class' }).click()
    await untilTaken(page, () => paste(page, png))
    expect(await countOf(page, 'class 1')).toBe('1 picture')

    page.once('dialog', (dialog) => void dialog.accept())
    await page.getByRole('button', { name: 'Remove the class class 1' }).click()
    await paste(page, png)
    await notice.waitFor()
    expect(await page.getByRole('group', { name: /^Class/ }).count()).toBe(0)
  })
})

describe('a training on WebGPU', () => {
  it('whose device is lost says so, and goes on on WebAssembly', async () => {
    const page = await open()
    await chooseFolder(page, pictures)
    await page.getByLabel('Batch size').fill('2')
    await page.getByLabel('Epochs').fill('200')
    await train(page, 'webgpu')
    // An epoch: three steps of training, and one of validation.
    await waitForText(page, /Saved after \d+ steps?/)
    expect(await page.locator('.device').innerText()).toMatch(/^Runs on WebGPU/)
    await (await browser.newBrowserCDPSession()).send('Browser.crashGpuProcess')
    expect(await shownError(page)).toMatch(
      /^The training has failed\. The browser has lost the graphics processor\. .*“Go on with the last training”/,
    )
    const before = await epochRows(page)
    expect(before.length).toBeGreaterThan(0)

    await page.getByLabel('Device').selectOption('wasm')
    await page.getByRole('button', { name: 'Go on with the last training' }).click()
    await waitForText(page, /Goes on after \d+ epochs?/)
    expect(await page.locator('.device').innerText()).toMatch(/^Runs on WebAssembly/)
    await page.getByRole('button', { name: 'Stop' }).click()
    await waitForText(page, /^Stopped: the best epoch got/)
    const rows = await epochRows(page)
    expect(rows.length).toBeGreaterThanOrEqual(before.length)
    expect(rows.slice(0, before.length - 1)).toEqual(before.slice(0, -1))
  })
})

describe('a page', () => {
  it('without room says what is lost for it, and what to do', async () => {
    const page = await open()
    const session = await page.context().newCDPSession(page)
    const origin = new URL(server.url).origin
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 20_000 })
    await chooseFolder(page, pictures)
    expect(await page.locator('.notice.warning').innerText()).toContain('no room to keep the pictures')
    await train(page, 'wasm')
    expect(await shownError(page)).toMatch(
      /^The training has failed\. There is no room left to save what is learnt.*: free space on the disk, or remove this site’s data/,
    )
    // A page's user calls no functions.
    expect(await shownError(page)).not.toContain('removeStored')
  })

  const allowed =
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; img-src 'self' blob:; style-src 'self' 'unsafe-inline'"

  async function under(policy: string): Promise<Page> {
    const strict = await serve({ roots: { '/': site }, policy })
    onTestFinished(() => strict.close())
    return open(strict)
  }

  it('whose policy allows what is needed trains, and looks at a picture that is dropped on its model', async () => {
    const page = await under(allowed)
    await chooseFolder(page, pictures)
    await page.getByLabel('Epochs').fill('1')
    await train(page, 'wasm')
    await waitForText(page, /^Done: the best epoch got/)
    await dropOn(page, '#try', [join(pictures, 'bees/bees-001.jpg')])
    await page.locator('#try .bars li').first().waitFor()
    expect(await page.locator('#try .bars li').count()).toBe(2)
    expect(await page.locator('#try img').getAttribute('alt')).toBe('bees-001.jpg')
  })

  it('whose policy forbids workers says which directive is missing', async () => {
    const page = await under(allowed.replace("worker-src 'self'", "worker-src 'none'"))
    await page.locator('input[name=folder]').setInputFiles(pictures)
    expect(await shownError(page)).toMatch(
      /^Pictures can’t be looked at.*Content-Security-Policy, that must allow workers.*worker-src/,
    )
    await page.getByRole('button', { name: 'Draw a sample' }).click()
    const last = page.locator('.notice.error').nth(1)
    await last.waitFor()
    expect(await last.innerText()).toMatch(/^The sample pictures can’t be drawn.*worker-src/)
  })

  it('whose policy forbids WebAssembly says which directive is missing', async () => {
    const page = await under(allowed.replace(" 'wasm-unsafe-eval'", ''))
    await chooseFolder(page, pictures)
    expect(await page.locator('.notice.warning p').innerText()).toMatch(
      /^None of the pictures could be taken\. .*Content-Security-Policy.*'wasm-unsafe-eval'.*script-src/,
    )
  })

  it('whose policy forbids to fetch says which directive is missing', async () => {
    const page = await under(`${allowed}; connect-src 'none'`)
    await chooseFolder(page, pictures)
    await train(page, 'wasm')
    expect(await shownError(page)).toMatch(
      /^The training has failed\. .*Content-Security-Policy forbids it: add 'self' to its directive connect-src/,
    )
  })
})
