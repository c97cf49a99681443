/** Folders of pictures in a page, with and without loader workers, and pictures that a page makes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import * as onnxFinetune from '../../src/index.ts'
import { gif, openPicturePage, webp, type PicturePage } from './support/picture-page.ts'

/** What the page's script leaves there. */
declare const library: typeof onnxFinetune

let opened: PicturePage

beforeAll(async () => {
  opened = await openPicturePage()
})

afterAll(() => opened[Symbol.asyncDispose]())

describe('transforms in a page', () => {
  const seed = 7

  /** A batch of four pictures after random transforms: the floats' bytes as base64, made by `library` here or there. */
  const transformed = async ([urls, seed, numWorkers]: readonly [readonly string[], number, number]) => {
    const { transforms: T } = library
    const files = urls.map((url, index) => [`photos/${'ab'[index % 2]}/${index}${url.slice(-4)}`, url])
    const folder = await library.ImageFolder.open(
      (await library.mountFiles(Object.fromEntries(files) as Record<string, string>)) + '/photos',
      {
        transform: new T.Compose([
          new T.RandomResizedCrop(32),
          new T.RandomHorizontalFlip(),
          new T.ColorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }),
          new T.RandomRotation(20),
          new T.ToTensor(),
          new T.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
        ]),
      },
    )
    const generator = new library.Generator(seed)
    const loader = new library.DataLoader(folder, {
      batchSize: urls.length,
      shuffle: true,
      generator,
      numWorkers,
    })
    let bytes = ''
    for await (const { inputs } of loader) {
      const { data } = inputs
      for (const byte of new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
        bytes += String.fromCharCode(byte)
    }
    await loader.close()
    return btoa(bytes)
  }

  it.each([0, 2])('give the very floats that Node has, with %i loader workers', async (numWorkers) => {
    const some = ['rgb-420.jpg', 'progressive.jpg', 'rgb-8-interlaced.png', 'palette-4.png']
    const urls = some.map((name) => new URL(`fixtures/${name}`, opened.url).href)
    Object.assign(globalThis, { library: onnxFinetune })
    const here = await transformed([urls, seed, 0])
    const there = await opened.page.evaluate(transformed, [urls, seed, numWorkers] as const)
    expect(atob(here).length).toBe(4 * 3 * 32 * 32 * 4)
    expect(there).toBe(here)
  })
})

describe('ImageFolder in a page', () => {
  it.each([0, 1])(
    "takes .webp and .gif by the browser's decoder only, with %i loader workers",
    async (numWorkers) => {
      const result = await opened.page.evaluate(
        async ([webp, gif, numWorkers]) => {
          const urls = { 'set/a/1.webp': `data:;base64,${webp}`, 'set/b/2.gif': `data:;base64,${gif}` }
          const root = `${await library.mountFiles(urls)}/set`
          const refusal: unknown = await library.ImageFolder.open(root).catch((error: unknown) =>
            String(error),
          )
          const transform = new library.transforms.ToTensor()
          const folder = await library.ImageFolder.open(root, { transform, decode: { codec: 'browser' } })
          const loader = new library.DataLoader(folder, { batchSize: 2, numWorkers })
          const values: number[][] = []
          for await (const { inputs } of loader) values.push(Array.from(inputs.data as Float32Array))
          await loader.close()
          return { refusal, values }
        },
        [webp, gif, numWorkers] as const,
      )
      expect(result.values).toEqual([[1, 1, 1, 1, 0, 0]])
      expect(result.refusal).toContain("1.webp (.webp files can't be decoded: convert it to JPEG or PNG)")
    },
  )
})

describe('pictures that a page makes', () => {
  it('are encoded as Node does: PNG and JPEG', async () => {
    const pixels = Uint8Array.from({ length: 20 * 30 * 3 }, (_, at) => (at * 7) % 256)
    const there = await opened.page.evaluate(
      (pixels) => {
        const made = library.picture(20, 30, 3, Uint8Array.from(pixels))
        return [library.encodePng(made), library.encodeJpeg(made, 80)].map((bytes) => Array.from(bytes))
      },
      [...pixels],
    )
    const made = onnxFinetune.picture(20, 30, 3, pixels)
    expect(there[0]).toEqual([...onnxFinetune.encodePng(made)])
    expect(there[1]).toEqual([...onnxFinetune.encodeJpeg(made, 80)])
  })

  it('show predictions with captions, as a PNG file in its own file system', async () => {
    const { height, width, colours } = await opened.page.evaluate(async () => {
      const { DataLoader, nn, Tensor, TensorDataset, visualizeModel } = library
      const dataset = new TensorDataset(Tensor.zeros([2, 3, 2, 2]), Tensor.from([0, 1], 'int64'))
      const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(12, 2))
      const options = { classes: ['dark', 'light'], numImages: 2, path: 'made.png', device: 'wasm' } as const
      await visualizeModel(model, new DataLoader(dataset, { batchSize: 2 }), options)
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('onnx-finetune')
      const file = await (await folder.getFileHandle('made.png')).getFile()
      const { data, shape } = await library.decodeImageAsync(new Uint8Array(await file.arrayBuffer()))
      const colours = new Set<number>()
      for (let at = 0; at < data.length; at += 3) {
        colours.add((data[at]! << 16) + (data[at + 1]! << 8) + data[at + 2]!)
      }
      return { height: shape[0], width: shape[1], colours: [...colours] }
    })
    expect(width).toBeGreaterThan(2 * 224)
    expect(height).toBeGreaterThan(224)
    // Black pictures, and frames and captions in the colours of right and wrong: of two classes one is each.
    expect(colours).toEqual(expect.arrayContaining([0, 0x1a7f37, 0xcf222e]))
  })
})
