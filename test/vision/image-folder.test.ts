import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { DataError, FileSystemError, ImageError } from '../../src/core/errors.ts'
import { Generator } from '../../src/core/generator.ts'
import { Tensor } from '../../src/core/tensor.ts'
import type { Batch } from '../../src/data/collate.ts'
import { DataLoader } from '../../src/data/data-loader.ts'
import type { DataLoaderOptions } from '../../src/data/loader-options.ts'
import { encodeJpeg, encodePng } from '../../src/vision/encode.ts'
import { ImageFolder, type ImageFolderOptions } from '../../src/vision/image-folder.ts'
import { contiguous, picture, type Picture } from '../../src/vision/picture.ts'
import { isPicture } from '../../src/vision/transforms/input.ts'
import * as T from '../../src/vision/transforms/transforms.ts'
import type { TransformInput } from '../../src/vision/transforms/transform.ts'

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'image-folder-'))
})

afterEach(() => rm(root, { recursive: true }))

/** A picture of 20 × 24 pixels that is another for each `seed`. */
function pixels(seed: number): Picture {
  return picture(
    20,
    24,
    3,
    Uint8Array.from({ length: 20 * 24 * 3 }, (_, index) => (index * (seed + 1)) % 251),
  )
}

async function put(path: string, bytes: Uint8Array | string = encodePng(pixels(path.length))): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), bytes)
}

function relative(paths: readonly { readonly path: string }[]): string[] {
  return paths.map(({ path }) => path.slice(root.length + 1))
}

describe('ImageFolder.open', () => {
  it('sorts classes by name and files by path, through folders and links, as torchvision does', async () => {
    const files = [
      'Ants/a/c/1.png',
      'bees/2.jpg',
      'bees/10.JPEG',
      'Ants/a/1.png',
      'Ants/a-b/1.png',
      'Ants/b.png',
      'Ants/a.png',
      '😀/1.png',
      '\uffee/1.png',
    ]
    for (const file of files) await put(file)
    await put('not-a-class.jpg')
    await symlink(join(root, 'bees'), join(root, 'Ants', 'linked'))
    const folder = await ImageFolder.open(root)
    expect(folder.classes).toEqual(['Ants', 'bees', '\uffee', '😀'])
    expect(folder.classToIdx).toEqual({ Ants: 0, bees: 1, '\uffee': 2, '😀': 3 })
    expect(relative(folder.samples)).toEqual([
      'Ants/a.png',
      'Ants/b.png',
      'Ants/a/1.png',
      'Ants/a-b/1.png',
      'Ants/a/c/1.png',
      'Ants/linked/10.JPEG',
      'Ants/linked/2.jpg',
      'bees/10.JPEG',
      'bees/2.jpg',
      '\uffee/1.png',
      '😀/1.png',
    ])
    expect(folder.targets).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3])
    expect(folder.length).toBe(11)
  })

  it('skips and reports what is no picture that can be decoded', async () => {
    for (const file of ['a/1.jpg', 'a/2.gif', 'a/3.webp', 'a/notes.txt']) await put(file)
    const told: string[] = []
    const folder = await ImageFolder.open(root, { onSkip: ({ path }) => told.push(path) })
    expect(relative(folder.samples)).toEqual(['a/1.jpg'])
    expect(relative(folder.skipped)).toEqual(['a/2.gif', 'a/3.webp', 'a/notes.txt'])
    expect(folder.skipped[1]!.reason).toBe(".webp files can't be decoded: convert it to JPEG or PNG")
    expect(told).toEqual(folder.skipped.map(({ path }) => path))
  })

  it('takes one class', async () => {
    await put('ants/1.jpg')
    expect((await ImageFolder.open(root)).classes).toEqual(['ants'])
  })

  it('names a missing folder', async () => {
    const open = ImageFolder.open(join(root, 'train'))
    await expect(open).rejects.toThrow(FileSystemError)
    await expect(open).rejects.toThrow(`can't list ${join(root, 'train')}: it does not exist`)
  })

  it('says how to lay out a folder without classes', async () => {
    await put('1.jpg')
    const open = ImageFolder.open(root)
    await expect(open).rejects.toThrow(DataError)
    await expect(open).rejects.toThrow(`couldn't find any class folder in ${root}: put the pictures`)
  })

  it('names empty classes, and what was skipped there', async () => {
    await put('ants/1.jpg')
    await put('bees/1.tiff')
    await mkdir(join(root, 'wasps'))
    const open = ImageFolder.open(root)
    await expect(open).rejects.toThrow(DataError)
    await expect(open).rejects.toThrow('found no picture for the classes bees, wasps')
    await expect(open).rejects.toThrow(`${join(root, 'bees', '1.tiff')} (.tiff files can't be decoded`)
  })
})

describe('ImageFolder.get', () => {
  const open = (options?: ImageFolderOptions) => ImageFolder.open(root, options)
  const first = async (options?: ImageFolderOptions) => (await open(options)).get(0, new Generator())

  it('gives what the transform makes, and the label', async () => {
    await put('ants/1.png', encodePng(pixels(3)))
    const { input, label } = await first({ transform: new T.ToTensor() })
    expect([input.dtype, input.shape, label]).toEqual(['float32', [3, 20, 24], 0])
    expect(input.data[1]).toBeCloseTo(pixels(3).get(0, 1, 0) / 255)
  })

  it('makes a tensor in the memory that it is given, unless a step follows that makes another', async () => {
    await put('ants/1.png', encodePng(pixels(3)))
    class Half extends T.ToTensor {
      override forward(input: TransformInput) {
        return Tensor.full([...super.forward(input).shape], 0.5)
      }
    }
    const steps = [
      [new T.ToTensor()],
      [new T.ToTensor(), new T.Normalize(0.5, 0.5)],
      [new T.ToTensor(), new T.RandomErasing({ p: 1 })],
      [new Half()],
    ]
    const used = steps.map(async (transforms) => {
      const folder = await open({ transform: new T.Compose(transforms) })
      const memory = new Float32Array(3 * 20 * 24)
      const { input } = await folder.get(0, new Generator(), () => memory as never)
      const own = (await folder.get(0, new Generator())).input
      expect(input.equals(own)).toBe(true)
      return input.data === memory
    })
    expect(await Promise.all(used)).toEqual([true, true, false, false])
  })

  it('gives a picture as a uint8 tensor [H, W, C], packed', async () => {
    await put('ants/1.png', encodePng(pixels(3)))
    const { input } = await first({ transform: new T.CenterCrop(10) })
    expect([input.dtype, input.shape, input.data.length]).toEqual(['uint8', [10, 10, 3], 300])
    expect(input.data[4]).toBe(pixels(3).get(5, 8, 1))
  })

  it('applies targetTransform', async () => {
    await put('ants/1.png')
    expect((await first({ targetTransform: (label) => label + 5 })).label).toBe(5)
  })

  it.each([
    ['a text file', 'hello', 'it is a text file'],
    ['an empty file', '', 'the file is empty'],
    ['a truncated file', encodeJpeg(pixels(1)).subarray(0, 500), 'the file is truncated'],
  ])('names %s', async (_, content, problem) => {
    await put('ants/1.jpg', content)
    const sample = first()
    await expect(sample).rejects.toThrow(ImageError)
    await expect(sample).rejects.toThrow(`can't decode ${join(root, 'ants', '1.jpg')}: ${problem}`)
  })

  it('names a file that is gone', async () => {
    await mkdir(join(root, 'ants'))
    await symlink(join(root, 'nowhere'), join(root, 'ants', '1.jpg'))
    await expect(first()).rejects.toThrow(FileSystemError)
    await expect(first()).rejects.toThrow(`can't read ${join(root, 'ants', '1.jpg')}: it does not exist`)
  })

  it('names the picture that a transform failed on, and keeps what it threw', async () => {
    await put('ants/1.png')
    const sample = first({ transform: new T.RandomCrop(100) })
    await expect(sample).rejects.toThrow(DataError)
    await expect(sample).rejects.toThrow(`the transform failed on ${join(root, 'ants', '1.png')}`)
    await expect(sample).rejects.toHaveProperty('cause.name', 'ArgumentError')
  })

  it('says so if a transform gives nothing', async () => {
    await put('ants/1.png')
    const forgetful = (() => undefined) as unknown as (input: TransformInput) => TransformInput
    await expect(first({ transform: forgetful })).rejects.toThrow('must give a picture or a tensor')
  })

  it('knows its range', async () => {
    await put('ants/1.png')
    await expect((await open()).get(1, new Generator())).rejects.toThrow('has no sample 1')
  })
})

describe('ImageFolder in loader workers gives the samples it gives without', () => {
  const loaders: DataLoader[] = []
  const open = (folder: ImageFolder, options: DataLoaderOptions<Batch>): DataLoader => {
    const loader = new DataLoader(folder, options)
    loaders.push(loader)
    return loader
  }
  afterEach(() => Promise.all(loaders.splice(0).map((loader) => loader.close())))

  const invert = (input: TransformInput) => {
    if (!isPicture(input)) throw new Error('not a picture')
    const [height, width, channels] = input.shape
    return picture(
      height!,
      width!,
      channels!,
      contiguous(input).map((value) => 255 - value),
    )
  }
  const random = [new T.RandomResizedCrop(8), new T.RandomHorizontalFlip()]
  const noise = (input: TransformInput, generator: Generator) =>
    new Tensor('float32', Float32Array.of(generator.random(), input.shape.length), [2])
  const cases: Record<string, ImageFolderOptions> = {
    'transforms that can be sent': { transform: new T.Compose([...random, new T.ToTensor()]) },
    'a picture at the end': { transform: new T.Compose(random) },
    'a function after a picture': { transform: new T.Compose([...random, invert, new T.ToTensor()]) },
    'a function after a tensor': { transform: new T.Compose([...random, new T.ToTensor(), noise]) },
    'a function alone': { transform: noise },
    'a label that is a tensor': {
      transform: new T.Compose([...random, new T.ToTensor()]),
      targetTransform: (label) => Tensor.from([label, 1]),
    },
  }

  it.each(Object.keys(cases))('%s', async (name) => {
    for (const file of ['a/1.png', 'a/22.png', 'b/333.png', 'b/4444.png', 'b/5.jpg']) await put(file)
    const folder = await ImageFolder.open(root, cases[name])
    const batches = async (numWorkers: number) => {
      const all: unknown[] = []
      const loader = open(folder, {
        batchSize: 2,
        shuffle: true,
        numWorkers,
        generator: new Generator(5),
      })
      for await (const { inputs, labels } of loader)
        all.push([inputs.dtype, inputs.toList(), labels.toList()])
      return all
    }
    const here = await batches(0)
    expect(here).toHaveLength(3)
    expect(await batches(1)).toEqual(here)
  })

  it('an error names the file', async () => {
    await put('a/1.jpg', 'text')
    const folder = await ImageFolder.open(root)
    const load = async () => {
      for await (const { inputs } of open(folder, { numWorkers: 1 })) expect(inputs).toBeUndefined()
    }
    await expect(load()).rejects.toThrow(join(root, 'a', '1.jpg'))
  })
})
