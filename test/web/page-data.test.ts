/** The page of `examples/web` with all kinds of pictures: bad ones, too few, and those of a webcam. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { drawShapes } from '../../examples/shapes/draw.ts'
import { crc32 } from '../../src/io/crc32.ts'
import { openChromium, type Browser, type Page } from './support/chromium.ts'
import {
  bestAccuracy,
  builtApp,
  chooseFolder,
  epochRows,
  openApp,
  shoot,
  waitForText,
} from './support/app.ts'
import { serve, type Server } from './support/server.ts'

let browser: Browser
let server: Server
let root: string
let page: Page
let errors: string[]

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'page-data-'))
  // Not isolated: what a server without the two headers gives.
  server = await serve({ roots: { '/': await builtApp() }, isIsolated: false })
  browser = await openChromium(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'])
})

afterAll(async () => {
  await browser.close()
  await server.close()
  await rm(root, { recursive: true, force: true })
})

beforeEach(async () => {
  ;({ page, errors } = await openApp(browser, server.url))
})

afterEach(async () => {
  expect(errors).toEqual([])
  await page.context().close()
})

const drawn = [...drawShapes({ trainPerClass: 12, valPerClass: 1 })].map(({ draw }) => draw())
const [picture] = drawn

/** Writes files below a folder of its own. */
async function folderOf(name: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, name, path, '..'), { recursive: true })
    await writeFile(join(root, name, path), content)
  }
  return join(root, name)
}

/** A black PNG of any size: its rows take a byte for eight pixels, and next to nothing in the file. */
function blackPng(width: number, height: number): Buffer {
  const chunk = (type: string, content: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(content.length)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 1
  const rows = deflateSync(Buffer.alloc(height * (1 + Math.ceil(width / 8))))
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const heic = Buffer.concat([
  Buffer.from([0, 0, 0, 24]),
  Buffer.from('ftypheic\0\0\0\0mif1heic'),
  Buffer.alloc(500),
])
const dataText = () => page.locator('#data').innerText()
const trainButton = () => page.getByRole('button', { name: 'Train', exact: true })

describe('pictures that are not as they should be', () => {
  it('leaves out what can’t be read, says why, and takes the rest', async () => {
    const folder = await folderOf('mixed', {
      'ants/good.jpg': picture!,
      'ants/cut-off.jpg': picture!.subarray(0, picture!.length / 2),
      'ants/phone.heic': heic,
      'bees/good.png': blackPng(40, 30),
      'bees/notes.txt': 'not a picture',
      'bees/empty.jpg': '',
      'bees/large.png': blackPng(12_000, 9_000),
      'beside.jpg': picture!,
      '.DS_Store': 'litter',
    })
    await chooseFolder(page, folder)
    const text = await dataText()
    expect(text).toContain('3 pictures in 2 classes')
    expect(text).toMatch(/cut-off\.jpg: .*(damaged|truncated|ends)/)
    expect(text).toMatch(/phone\.heic: this browser can’t read HEIC pictures: convert it to JPEG/)
    expect(text).toMatch(/notes\.txt: it is no picture/)
    expect(text).toMatch(/empty\.jpg: it is empty/)
    expect(text).toMatch(/beside\.jpg: it lies beside the class folders/)
    expect(text).not.toContain('DS_Store')
    await shoot(page, '9-left-out')
  })

  it('says that there are no pictures', async () => {
    await chooseFolder(page, await folderOf('none', { 'ants/list.txt': 'a', 'bees/list.txt': 'b' }))
    expect(await dataText()).toMatch(/2 files were left out/)
    expect(await page.locator('.notice').innerText()).toMatch(
      /^None of the pictures .* list\.txt: it is no picture/,
    )
    expect(await page.locator('#train').innerText()).toContain('There are no pictures yet')
    expect(await trainButton().isDisabled()).toBe(true)
  })

  it('asks for a second class', async () => {
    await chooseFolder(page, await folderOf('single', { 'ants/1.jpg': drawn[0]!, 'ants/2.jpg': drawn[1]! }))
    expect(await page.locator('#train').innerText()).toMatch(
      /There is one class only, “ants”: add a second one/,
    )
    expect(await trainButton().isDisabled()).toBe(true)
  })

  it('warns of classes out of balance', async () => {
    const ants = drawn.slice(0, 12).map((bytes, index) => [`ants/${index}.jpg`, bytes] as const)
    const folder = await folderOf('unbalanced', {
      ...Object.fromEntries(ants),
      'bees/1.jpg': drawn[12]!,
      'bees/2.jpg': drawn[13]!,
    })
    await chooseFolder(page, folder)
    expect(await dataText()).toMatch(/out of balance: 12 pictures against 2 of “bees”/)
    expect(await trainButton().isDisabled()).toBe(false)
  })

  it('says what is wrong with weights that can’t be had', async () => {
    const files = drawn.map(
      (bytes, index) => [`${index < 12 ? 'ants' : 'bees'}/${index}.jpg`, bytes] as const,
    )
    await chooseFolder(page, await folderOf('few', Object.fromEntries(files.slice(0, 24))))
    await page.getByLabel('Network').selectOption('resnet18')
    await page.getByLabel('Its weights').selectOption('url')
    expect(await page.locator('#url-message').innerText()).toMatch(/Give the address/)
    await page.getByLabel('Address of the weights').fill(`${server.url}nothing.safetensors`)
    await trainButton().click()
    await page.locator('.notice.error').waitFor()
    expect(await page.locator('.notice.error').innerText()).toMatch(/The training has failed.*404/)
    await shoot(page, '10-failed')
  })
})

describe('a webcam', () => {
  it('gives pictures as long as a button is held, and is classified live', { timeout: 120_000 }, async () => {
    await page.getByRole('button', { name: 'Add a class' }).click()
    await page.getByLabel(/^Name of the class/).fill('pattern')
    await page.getByLabel(/^Name of the class/).press('Tab')
    await page.getByRole('group', { name: 'Class pattern' }).getByRole('button', { name: 'Webcam' }).click()
    const hold = page.getByRole('button', { name: 'Hold to take pictures' })
    await page.waitForFunction(() => document.querySelector('video')?.videoWidth)
    await hold.focus()
    await page.keyboard.down('Space')
    await page
      .locator('.webcam [role=status]')
      .getByText(/^1\d taken/)
      .waitFor()
    await page.keyboard.up('Space')
    await page.locator('#importing').waitFor({ state: 'detached' })
    await shoot(page, '11-webcam')

    await page.getByRole('button', { name: 'Add a class' }).click()
    await page.getByLabel('Name of the class class 2').fill('ants')
    await page.getByLabel('Name of the class class 2').press('Tab')
    const files = drawn.slice(0, 12).map((bytes, index) => ({
      name: `${index}.jpg`,
      mimeType: 'image/jpeg',
      buffer: Buffer.from(bytes),
    }))
    await page.locator('input[name=add-ants]').setInputFiles(files)
    await page.getByRole('group', { name: 'Class ants' }).getByText('12 pictures').waitFor()

    await page.getByLabel('Epochs').fill('8')
    await page.getByLabel('Learning rate').fill('0.003')
    await page.getByLabel('Device').selectOption('wasm')
    expect(await page.locator('#device-message').innerText()).toMatch(/one thread only/)
    await trainButton().click()
    await waitForText(page, /^Done: the best epoch got/)
    expect(bestAccuracy(await epochRows(page))).toBeGreaterThan(90)

    await page.locator('#try').getByRole('button', { name: 'Webcam' }).click()
    await page.waitForFunction(() =>
      document.querySelector('#try .bars [data-first=true]')?.textContent.startsWith('pattern'),
    )
    await shoot(page, '12-live')
  })
})
