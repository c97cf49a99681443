import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { Generator } from '../../../src/core/generator.ts'
import { DataLoader } from '../../../src/data/data-loader.ts'
import type { PictureCacheOptions } from '../../../src/vision/cache/picture-cache.ts'
import { encodePng } from '../../../src/vision/encode.ts'
import { ImageFolder } from '../../../src/vision/image-folder.ts'
import { picture } from '../../../src/vision/picture.ts'
import * as T from '../../../src/vision/transforms/transforms.ts'

const transform = new T.Compose([new T.RandomResizedCrop(8), new T.RandomHorizontalFlip(), new T.ToTensor()])
const count = 7
let root: string

/** Files of one length whatever the seed: PNG does not compress noise, and the rest is padding. */
function file(seed: number): Uint8Array {
  const generator = new Generator(seed)
  const noise = Uint8Array.from({ length: 20 * 24 * 3 }, () => generator.integer(0, 256))
  const padded = new Uint8Array(4000)
  padded.set(encodePng(picture(20, 24, 3, noise)))
  return padded
}

const path = (index: number) => join(root, 'ants', `${index}.png`)

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'image-folder-cache-'))
  await mkdir(join(root, 'ants'))
  await writeFiles(0, 5)
})
afterEach(() => rm(root, { recursive: true }))

/** The pictures number `first` and on, as if written at `time`. */
async function writeFiles(first: number, time: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await writeFile(path(index), file(first + index))
    await utimes(path(index), time, time)
  }
}

const opened: DataLoader[] = []
afterEach(() => Promise.all(opened.splice(0).map((loader) => loader.close())))

async function openLoader(cache: PictureCacheOptions | undefined, numWorkers: number) {
  const folder = await ImageFolder.open(root, { transform, cache })
  const options = { batchSize: 2, shuffle: true, numWorkers, generator: new Generator(5) }
  const loader = new DataLoader(folder, options)
  opened.push(loader)
  return loader
}

async function epoch(loader: DataLoader): Promise<unknown[]> {
  const batches = []
  for await (const { inputs, labels } of loader) batches.push([inputs.toList(), labels.toList()])
  return batches
}

describe.each([0, 1, 2])('a cache of decoded pictures, with %d workers', (numWorkers) => {
  it('changes no batch, whether all, some or no pictures fit', async () => {
    const plain = await openLoader(undefined, 0)
    const expected = [await epoch(plain), await epoch(plain), await epoch(plain)]
    for (const maxBytes of [1e6, 5000, 100]) {
      const loader = await openLoader({ maxBytes }, numWorkers)
      expect([await epoch(loader), await epoch(loader), await epoch(loader)]).toEqual(expected)
    }
  })

  it('serves what was decoded in the first epoch, whichever worker did it, until the files change', async () => {
    const plain = await openLoader(undefined, 0)
    const loader = await openLoader({ maxBytes: 1e6 }, numWorkers)
    expect(await epoch(loader)).toEqual(await epoch(plain))
    const secondEpoch = await epoch(plain)
    await writeFiles(100, 5)
    expect(await epoch(loader)).toEqual(secondEpoch)
    await writeFiles(100, 6)
    const thirdEpoch = await epoch(plain)
    expect(await epoch(loader)).toEqual(thirdEpoch)
  })
})

describe('a cache of decoded pictures', () => {
  it('does not hide that a file is gone', async () => {
    const loader = await openLoader({ maxBytes: 1e6 }, 0)
    await epoch(loader)
    await rm(path(3))
    await expect(epoch(loader)).rejects.toThrow(`can't read ${path(3)}: it does not exist`)
  })

  it('keeps untransformed pictures apart from the tensors that are given out', async () => {
    const folder = await ImageFolder.open(root, { cache: { maxBytes: 1e6 } })
    const { input } = await folder.get(0, new Generator())
    const before = input.clone()
    for (let time = 0; time < 2; time++) (await folder.get(0, new Generator())).input.data.fill(0 as never)
    expect((await folder.get(0, new Generator())).input.equals(before)).toBe(true)
  })
})
