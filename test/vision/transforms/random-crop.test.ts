import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { Generator } from '../../../src/core/generator.ts'
import { Tensor } from '../../../src/core/tensor.ts'
import { crop } from '../../../src/vision/picture.ts'
import { resize } from '../../../src/vision/resize.ts'
import { padImage } from '../../../src/vision/transforms/pad.ts'
import { RandomCrop } from '../../../src/vision/transforms/random-crop.ts'
import { RandomHorizontalFlip } from '../../../src/vision/transforms/random-flip.ts'
import { RandomResizedCrop } from '../../../src/vision/transforms/random-resized-crop.ts'
import type { CropBox } from '../../../src/vision/transforms/transforms.ts'
import { namedPicture, plain } from './fixtures.ts'

const sizes = fc.record({ height: fc.integer({ min: 1, max: 300 }), width: fc.integer({ min: 1, max: 300 }) })

function isInside({ top, left, height, width }: CropBox, image: { height: number; width: number }): boolean {
  const whole = [top, left, height, width].every(Number.isInteger)
  return (
    whole &&
    top >= 0 &&
    left >= 0 &&
    height >= 1 &&
    width >= 1 &&
    top + height <= image.height &&
    left + width <= image.width
  )
}

describe('RandomCrop', () => {
  it('draws every place with the same probability', () => {
    const generator = new Generator(6)
    const counts = new Map<string, number>()
    for (let draw = 0; draw < 6000; draw++) {
      const { top, left } = RandomCrop.getParams({ height: 4, width: 5 }, [3, 3], generator)
      counts.set(`${top},${left}`, (counts.get(`${top},${left}`) ?? 0) + 1)
    }
    expect([...counts.keys()].sort()).toEqual(['0,0', '0,1', '0,2', '1,0', '1,1', '1,2'])
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120)
  })

  it('draws nothing where there is no choice', () => {
    const generator = new Generator(6)
    const before = generator.state()
    expect(RandomCrop.getParams({ height: 4, width: 5 }, [4, 5], generator)).toEqual({
      top: 0,
      left: 0,
      height: 4,
      width: 5,
    })
    expect(generator.state()).toEqual(before)
  })

  it.each(['rgb', 'grey'])('crops %s where it draws, after padding', (name) => {
    const source = namedPicture(name)
    const options = { padding: [3, 1] as const, fill: 9, paddingMode: 'constant' as const }
    const result = new RandomCrop(6, options).forward(source, new Generator(2))
    const padded = padImage(source, [3, 1], { fill: 9 })
    const [height, width] = padded.shape as [number, number]
    const box = RandomCrop.getParams({ height, width }, 6, new Generator(2))
    expect(plain(result)).toEqual(plain(crop(padded as never, box.top, box.left, 6, 6)))
  })

  it('pads what is too small by what is missing on each side, as torchvision does', () => {
    const image = Tensor.full([1, 2, 3], 5)
    const result = new RandomCrop([4, 5], { padIfNeeded: true, paddingMode: 'edge' }).forward(
      image,
      new Generator(1),
    )
    expect(plain(result as Tensor)).toEqual(plain(Tensor.full([1, 4, 5], 5)))
    const drawn = new Generator(1)
    RandomCrop.getParams({ height: 2 + 2 * 2, width: 3 + 2 * 2 }, [4, 5], drawn)
    const used = new Generator(1)
    new RandomCrop([4, 5], { padIfNeeded: true }).forward(image, used)
    expect(used.state()).toEqual(drawn.state())
  })

  it('refuses what is too small, naming the remedy', () => {
    expect(() => new RandomCrop(20).forward(namedPicture('rgb'), new Generator())).toThrow(
      "RandomCrop: 20 × 20 pixels (height × width) can't be cropped out of 13 × 18: set padIfNeeded",
    )
  })
})

describe('RandomResizedCrop', () => {
  const scale = [0.08, 1] as const
  const ratio = [3 / 4, 4 / 3] as const

  it('draws boxes inside of any picture, down to one pixel and to extreme proportions', () => {
    fc.assert(
      fc.property(sizes, fc.integer(), (image, seed) => {
        expect(isInside(RandomResizedCrop.getParams(image, scale, ratio, new Generator(seed)), image)).toBe(
          true,
        )
      }),
      {
        seed: 3,
        numRuns: 500,
        examples: [
          [{ height: 1, width: 1 }, 0],
          [{ height: 1, width: 300 }, 0],
          [{ height: 300, width: 1 }, 0],
        ],
      },
    )
  })

  it('keeps area and proportion in range, up to rounding, and spreads them', () => {
    const generator = new Generator(7)
    const image = { height: 1100, width: 1100 }
    const boxes = Array.from({ length: 3000 }, () =>
      RandomResizedCrop.getParams(image, scale, ratio, generator),
    )
    const areas = boxes.map(({ height, width }) => (height * width) / 1.21e6)
    const proportions = boxes.map(({ height, width }) => width / height)
    expect(Math.min(...areas)).toBeGreaterThan(0.079)
    expect(Math.max(...areas)).toBeLessThanOrEqual(1)
    expect(Math.min(...areas)).toBeLessThan(0.1)
    expect(Math.min(...proportions)).toBeGreaterThan(0.745)
    expect(Math.max(...proportions)).toBeLessThan(1.34)
    // Uniform in the logarithm: as often wide as high.
    const wide = proportions.filter((proportion) => proportion > 1).length
    expect(Math.abs(wide - 1500)).toBeLessThan(150)
  })

  it.each([
    [
      { height: 100, width: 10 },
      { top: 43, left: 0, height: 13, width: 10 },
    ],
    [
      { height: 10, width: 100 },
      { top: 0, left: 43, height: 10, width: 13 },
    ],
    [
      { height: 10, width: 11 },
      { top: 0, left: 0, height: 10, width: 11 },
    ],
  ])('falls back to the middle of %j if no draw fits', (image, expected) => {
    expect(RandomResizedCrop.getParams(image, [9, 9], ratio, new Generator())).toEqual(expected)
  })

  it('resizes the crop that it draws', () => {
    const source = namedPicture('rgb')
    const { top, left, height, width } = RandomResizedCrop.getParams(
      { height: 13, width: 18 },
      scale,
      ratio,
      new Generator(9),
    )
    const expected = resize(crop(source, top, left, height, width), 5, 7, { interpolation: 'bilinear' })
    expect(plain(new RandomResizedCrop([5, 7]).forward(source, new Generator(9)))).toEqual(plain(expected))
  })

  it.each([
    [() => new RandomResizedCrop(-1), 'a size is an integer ≥ 1'],
    [() => new RandomResizedCrop(8, { scale: [1, 0.5] }), 'scale must be [low, high], not [1, 0.5]'],
    [() => new RandomResizedCrop(8, { ratio: [0, 1] }), 'ratio must be [low, high], not [0, 1]'],
    [() => new RandomResizedCrop(8).forward(Tensor.zeros([3, 9, 9]), new Generator()), 'before ToTensor'],
  ])('says what is wrong: %s', (act, message) => {
    expect(act).toThrow(message)
  })
})

describe('RandomHorizontalFlip', () => {
  it('flips with its probability, drawing once whatever comes out', () => {
    const source = namedPicture('rgb')
    const generator = new Generator(10)
    let flipped = 0
    for (let draw = 0; draw < 2000; draw++) {
      if (new RandomHorizontalFlip(0.3).forward(source, generator) !== source) flipped++
    }
    expect(Math.abs(flipped - 600)).toBeLessThan(80)
    const expected = new Generator(10)
    for (let draw = 0; draw < 2000; draw++) expected.random()
    expect(generator.state()).toEqual(expected.state())
  })
})
