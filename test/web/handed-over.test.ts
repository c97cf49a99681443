/** What a page's user hands over: folders by drop and by handle, files of weights and models, and pictures of all that can be drawn. */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import * as onnxFinetune from '../../src/index.ts'
import { classes, preprocessing, smallClassifier } from '../io/small-classifier.ts'
import { openChromium, type Browser, type Page } from './support/chromium.ts'
import { dropOn } from './support/drop.ts'
import { serveLibrary } from './support/library.ts'
import { serve, type Server } from './support/server.ts'

/** What the page's script leaves there. */
declare const library: typeof onnxFinetune

const generator = new onnxFinetune.Generator(6)
const noise = (height: number, width: number) =>
  onnxFinetune.picture(
    height,
    width,
    3,
    Uint8Array.from({ length: height * width * 3 }, () => generator.integer(0, 256)),
  )
const image = noise(40, 36)
const png = onnxFinetune.encodePng(image)

let root: string
let onnx: Uint8Array
let weights: Uint8Array
let browser: Browser
let server: Server
let elsewhere: Server
let page: Page

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'handed-over-'))
  onnx = (await onnxFinetune.exportOnnx(smallClassifier(), { classes, preprocessing })).bytes
  weights = onnxFinetune.encodePth((await onnxFinetune.models.resnet18({ numClasses: 3 })).stateDict())
  server = await serveLibrary({
    routes: {
      '/model.onnx': (_, response) => void response.end(onnx),
      '/weights.pth': (_, response) => void response.end(weights),
      '/picture.png': (_, response) => void response.end(png),
    },
  })
  // It lets other pages show its pictures, and not read them.
  elsewhere = await serve({
    roots: {},
    routes: {
      '/picture.png': (_, response) =>
        void response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin').end(png),
    },
  })
  browser = await openChromium(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'])
  page = await browser.newPage()
  await page.goto(server.url)
  await page.waitForFunction(() => 'library' in globalThis)
  await page.evaluate(() => {
    const fileOf = async (name: string) =>
      new File([await (await fetch(`/${name}`)).arrayBuffer()], name.split('/').at(-1)!)
    Object.assign(globalThis, { fileOf })
  })
})

afterAll(async () => {
  await browser.close()
  await Promise.all([server.close(), elsewhere.close()])
  await rm(root, { recursive: true, force: true })
})

/** The server's file, as a user's choice. */
declare const fileOf: (name: string) => Promise<File>

describe('a folder', () => {
  const tree = { 'train/ants/1.png': png, 'train/bees/2.png': png, 'train/bees/.hidden.png': png }

  async function write(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
    for (const [path, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), bytes)
    }
  }

  /** What `ImageFolder` finds below `train` in what is dropped, or the error. */
  async function dropped(...names: readonly string[]): Promise<unknown> {
    await page.evaluate(() => {
      const found = new Promise((resolve) => {
        document.body.innerHTML = '<p id="target">drop here</p>'
        const target = document.querySelector<HTMLElement>('#target')!
        target.ondragover = (event) => {
          event.preventDefault()
        }
        target.ondrop = (event) => {
          event.preventDefault()
          const opened = library
            .mountFiles(event.dataTransfer!)
            .then((at) => library.ImageFolder.open(`${at}/train`))
          opened.then(({ samples }) => {
            resolve(samples.map(({ path }) => path.replace(/^files:\d+/, '')))
          }, resolve)
        }
      })
      Object.assign(globalThis, { found })
    })
    await dropOn(
      page,
      '#target',
      names.map((name) => join(root, name)),
    )
    return page.evaluate('found.then((found) => Array.isArray(found) ? found : String(found))')
  }

  const all = ['/train/ants/1.png', '/train/bees/2.png']

  it('that is dropped is the root', async () => {
    await write(Object.fromEntries(Object.entries(tree).map(([path, bytes]) => [`photos/${path}`, bytes])))
    expect(await dropped('photos')).toEqual(all)
  })

  it('with more files than a browser lists at once is read to its end', async () => {
    const many = Array.from({ length: 230 }, (_, index) => [`many/train/ants/${index}.png`, png] as const)
    await write(Object.fromEntries(many))
    expect(await dropped('many')).toHaveLength(230)
  })

  it('in an archive that is dropped is the root of it', async () => {
    await write({ 'photos.zip': zipSync({ ...tree, 'val/ants/3.png': png }) })
    expect(await dropped('photos.zip')).toEqual(all)
  })

  it('whose handle is given is the root, even if all is in one folder below it', async () => {
    const found = await page.evaluate(async (paths) => {
      // The private file system's handles are of the class that showDirectoryPicker gives.
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('p', { create: true })
      for (const path of paths) {
        let at = folder
        const names = path.split('/')
        for (const name of names.slice(0, -1)) at = await at.getDirectoryHandle(name, { create: true })
        const file = await (await at.getFileHandle(names.at(-1)!, { create: true })).createWritable()
        await file.write(await fileOf('picture.png'))
        await file.close()
      }
      const opened = await library.ImageFolder.open(`${await library.mountFiles(folder)}/train`, {
        transform: new library.transforms.ToTensor(),
      })
      const loader = new library.DataLoader(opened, { batchSize: 2, numWorkers: 1 })
      const batches: { labels: unknown; first: unknown }[] = []
      for await (const { inputs, labels } of loader) {
        batches.push({ labels: labels.toList(), first: Math.round(255 * Number(inputs.data[0])) })
      }
      await loader.close()
      return { batches, paths: opened.samples.map(({ path }) => path.replace(/^files:\d+/, '')) }
    }, Object.keys(tree))
    expect(found).toEqual({ paths: all, batches: [{ labels: [0, 1], first: image.data[0] }] })
  })
})

describe('a file of weights', () => {
  it('gives a model the very numbers that Node reads from its path', async () => {
    const there = await page.evaluate(async () => {
      const model = await library.models.resnet18({ weights: await fileOf('weights.pth'), numClasses: 3 })
      const names: string[] = []
      const parts: Uint8Array[] = []
      for (const [key, { data, shape }] of model.stateDict()) {
        names.push(`${key} ${shape.join('×')}`)
        parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      }
      const digest = await crypto.subtle.digest('SHA-256', await new Blob(parts as never).arrayBuffer())
      return { names, sha: Array.from(new Uint8Array(digest)) }
    })
    const path = join(root, 'weights.pth')
    await writeFile(path, weights)
    const here = await onnxFinetune.models.resnet18({ weights: path, numClasses: 3 })
    const hash = createHash('sha256')
    for (const { data } of here.stateDict().values()) {
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    }
    expect(there.names).toEqual([...here.stateDict()].map(([key, { shape }]) => `${key} ${shape.join('×')}`))
    expect(Buffer.from(there.sha).toString('hex')).toBe(hash.digest('hex'))
  })

  it('that is none is named', async () => {
    const message = await page.evaluate(() =>
      library.models
        .resnet18({ weights: new File(['no weights at all'], 'holiday.pth') })
        .then(String, String),
    )
    expect(message).toMatch(/^FileFormatError: holiday\.pth /)
  })
})

describe('a classifier from a file', () => {
  it('says what it says in Node, whatever shows it the picture', async () => {
    const there = await page.evaluate(async () => {
      const classifier = await library.loadClassifier(await fileOf('model.onnx'), { device: 'wasm' })
      const file = await fileOf('picture.png')
      const bitmap = await createImageBitmap(file)
      const canvas = document.createElement('canvas')
      const offscreen = new OffscreenCanvas(bitmap.width, bitmap.height)
      Object.assign(canvas, { width: bitmap.width, height: bitmap.height })
      // An element's own size is that which it is shown with.
      Object.assign(canvas.style, { width: '9px', height: '7px' })
      const [context, other] = [canvas.getContext('2d')!, offscreen.getContext('2d')!]
      context.drawImage(bitmap, 0, 0)
      other.drawImage(bitmap, 0, 0)
      const shown = new Image(9, 7)
      shown.src = '/picture.png'
      await shown.decode()
      const frame = new VideoFrame(bitmap, { timestamp: 0 })
      const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height)
      const inputs = { file, bitmap, canvas, offscreen, shown, frame, pixels, url: '/picture.png' }
      const predictions = await classifier.predictBatch(Object.values(inputs))
      frame.close()
      await classifier.close()
      return Object.keys(inputs).map((name, index) => [name, predictions[index]!] as const)
    })
    const [[, fromFile]] = there as [(typeof there)[number]]
    for (const [name, predictions] of there) expect(predictions, name).toEqual(fromFile)
    await using classifier = await onnxFinetune.loadClassifier(onnx, { device: 'cpu' })
    const here = await classifier.predict(png)
    expect(fromFile.map(({ label }) => label)).toEqual(here.map(({ label }) => label))
    fromFile.forEach(({ probability }, rank) => {
      expect(Math.abs(probability - here[rank]!.probability)).toBeLessThan(1e-5)
    })
  })

  it('takes a video for what it shows now', async () => {
    const found = await page.evaluate(async () => {
      const classifier = await library.loadClassifier(await fileOf('model.onnx'), { device: 'wasm' })
      const video = document.createElement('video')
      const early = await classifier.predict(video).then(String, String)
      video.width = 9
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true })
      await video.play()
      // It holds still, so that both see the same.
      video.pause()
      const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight)
      canvas.getContext('2d')!.drawImage(video, 0, 0)
      const still = new File([await canvas.convertToBlob({ type: 'image/png' })], 'still.png')
      const [ofVideo, ofFile] = [await classifier.predict(video), await classifier.predict(still)]
      await classifier.close()
      for (const track of video.srcObject.getTracks()) track.stop()
      return { early, size: canvas.width, ofVideo, ofFile }
    })
    expect(found.early).toMatch(/^ImageError: the picture has no pixels yet: .*loadeddata/)
    expect(found.size).toBeGreaterThan(9)
    expect(found.ofVideo).toHaveLength(3)
    expect(found.ofVideo).toEqual(found.ofFile)
  })

  it('says what to do about a picture that the page may show and not see', async () => {
    const message = await page.evaluate(async (url) => {
      const classifier = await library.loadClassifier(await fileOf('model.onnx'), { device: 'wasm' })
      const shown = new Image()
      shown.src = url
      await shown.decode()
      const message = await classifier.predict(shown).then(String, String)
      await classifier.close()
      return message
    }, `${elsewhere.url}picture.png`)
    expect(message).toMatch(/^ImageError: a page may not see the pixels of another server: .*crossOrigin/)
  })
})
