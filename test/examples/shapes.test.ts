import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { decode as decodeTurbo } from '@cwasm/jpeg-turbo'
import { decode as decodeJs } from 'jpeg-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { generateShapes } from '../../examples/shapes/generate.ts'
import { writeJpeg } from '../../examples/shapes/jpeg.ts'
import { paintPicture } from '../../examples/shapes/picture.ts'
import { antsAndBees, garden } from '../../examples/shapes/subjects.ts'
import { ArgumentError } from '../../src/core/errors.ts'
import { Generator } from '../../src/core/generator.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'shapes-'))
})
afterAll(async () => {
  await rm(root, { recursive: true })
})

async function generate(
  name: string,
  seed: number,
  subjects = antsAndBees,
  trainPerClass = 10,
): Promise<Map<string, Buffer>> {
  const directory = join(root, name)
  const paths = await generateShapes({ directory, subjects, seed, trainPerClass, valPerClass: 2, size: 64 })
  const files = await Promise.all(paths.map((path) => readFile(path)))
  return new Map(paths.map((path, index) => [path.slice(directory.length + 1), files[index]!]))
}

describe('generateShapes', () => {
  it('lays the pictures out as ImageFolder reads them', async () => {
    const files = await generate('layout', 0)
    const counts = { 'train/ants': 10, 'train/bees': 10, 'val/ants': 2, 'val/bees': 2 }
    for (const [folder, count] of Object.entries(counts)) {
      expect(await readdir(join(root, 'layout', folder)), folder).toHaveLength(count)
    }
    expect(files.size).toBe(24)
  })

  it('gives the same bytes for the same seed, and others for another', async () => {
    const first = await generate('first', 7)
    expect(await generate('again', 7)).toEqual(first)
    const other = await generate('other', 8)
    for (const [path, bytes] of first) expect(other.get(path)!.equals(bytes), path).toBe(false)
  })

  it('draws the source task alike: seeded, other subjects, no picture twice', async () => {
    const first = await generate('garden', 7, garden, 2)
    expect(await generate('garden again', 7, garden, 2)).toEqual(first)
    expect((await readdir(join(root, 'garden', 'train'))).sort()).toEqual(Object.keys(garden))
    expect(Object.keys(garden).filter((name) => name in antsAndBees)).toEqual([])
    expect(new Set([...first.values()].map((bytes) => bytes.toString('base64'))).size).toBe(
      4 * Object.keys(garden).length,
    )
  })

  it('draws no picture twice', async () => {
    const files = await generate('twice', 0)
    expect(new Set([...files.values()].map((bytes) => bytes.toString('base64'))).size).toBe(files.size)
  })

  it('stops when aborted', async () => {
    const aborted = generateShapes({ directory: join(root, 'aborted'), signal: AbortSignal.abort() })
    await expect(aborted).rejects.toThrow(/abort/)
  })

  it.each([{ size: 100 }, { size: 8 }, { trainPerClass: 0 }, { valPerClass: 1.5 }])(
    'refuses %o',
    async (options) => {
      await expect(generateShapes({ directory: join(root, 'refused'), ...options })).rejects.toThrow(
        ArgumentError,
      )
    },
  )
})

type Insect = 'ants' | 'bees'

describe('a picture', () => {
  const draw = (insect: Insect, key: number, size = 96): Uint8Array =>
    paintPicture(antsAndBees[insect]!, size, new Generator(3).fork(key)).toBytes()

  it('is a real JPEG file, which decoders of others read alike', () => {
    for (const quality of [40, 88, 100]) {
      const drawn = draw('bees', quality)
      const file = writeJpeg(drawn, 96, quality)
      const turbo = decodeTurbo(file)
      const js = decodeJs(file, { useTArray: true })
      expect([turbo.width, turbo.height]).toEqual([96, 96])
      expect(meanDifference(turbo.data, js.data)).toBeLessThan(0.5)
      expect(meanDifference(turbo.data, drawn)).toBeLessThan(quality === 100 ? 0.5 : 8)
    }
  })

  it('does not tell by its mean color what it shows', () => {
    const count = 60
    const means = (insect: Insect, from: number): number[][] =>
      Array.from({ length: count }, (_, index) => meanColor(draw(insect, from + index, 48)))
    const known = { ants: centre(means('ants', 0)), bees: centre(means('bees', 1000)) }
    const right = (insect: Insect, from: number): number =>
      means(insect, from).filter((mean) => nearest(mean, known) === insect).length
    // Guessing has a standard deviation of 5.5 among 120.
    expect(right('ants', 2000) + right('bees', 3000)).toBeLessThan(0.65 * 2 * count)
  })
})

function meanDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, index) => sum + Math.abs(value - b[index]!), 0) / a.length
}

function meanColor(rgba: Uint8Array): number[] {
  return [0, 1, 2].map((channel) => {
    let sum = 0
    for (let at = channel; at < rgba.length; at += 4) sum += rgba[at]!
    return (4 * sum) / rgba.length
  })
}

function centre(colors: number[][]): number[] {
  return [0, 1, 2].map((channel) => colors.reduce((sum, color) => sum + color[channel]!, 0) / colors.length)
}

function nearest(color: number[], known: Record<Insect, number[]>): Insect {
  const distance = (insect: Insect): number =>
    Math.hypot(...color.map((value, i) => value - known[insect][i]!))
  return distance('ants') < distance('bees') ? 'ants' : 'bees'
}
