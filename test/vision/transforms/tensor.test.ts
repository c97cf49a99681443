import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { DTypeError, ShapeError } from '../../../src/core/errors.ts'
import { Generator } from '../../../src/core/generator.ts'
import { Tensor } from '../../../src/core/tensor.ts'
import { picture } from '../../../src/vision/picture.ts'
import { Compose } from '../../../src/vision/transforms/compose.ts'
import { Normalize } from '../../../src/vision/transforms/normalize.ts'
import { erase, RandomErasing } from '../../../src/vision/transforms/random-erasing.ts'
import { ToTensor } from '../../../src/vision/transforms/to-tensor.ts'
import { decodeTensor, mirroredTwin, namedPicture, plain, readFixture, type Encoded } from './fixtures.ts'

const fixture = readFixture('tensors.json') as {
  bytes: Encoded
  pictures: [name: string, expected: Encoded][]
  normalized: [mean: number[], std: number[], expected: Encoded][]
  batch: Encoded
  normalizedBatch: Encoded
  image: Encoded
  erased: [box: [number, number, number, number], value: number[], expected: Encoded][]
}

/** All 256 bytes in each channel. */
function everyByte(channels: number) {
  const bytes = Uint8Array.from({ length: 256 * channels }, (_, index) => index / channels)
  return picture(16, 16, channels, bytes)
}

describe('ToTensor', () => {
  it('divides every byte as PyTorch does, to the same bits', () => {
    expect(plain(new ToTensor().forward(everyByte(1)))).toEqual(plain(decodeTensor(fixture.bytes)))
  })

  it.each(fixture.pictures)('moves channels first: %s', (name, expected) => {
    const wanted = plain(decodeTensor(expected))
    expect(plain(new ToTensor().forward(namedPicture(name)))).toEqual(wanted)
    expect(plain(new ToTensor().forward(mirroredTwin(namedPicture(name))))).toEqual(wanted)
  })

  it('refuses a tensor', () => {
    expect(() => new ToTensor().forward(Tensor.zeros([3, 2, 2]))).toThrow('put ToTensor before ToTensor')
  })
})

describe('Normalize', () => {
  it.each(fixture.normalized)(
    "gives PyTorch's bits, alone and fused: mean %j, std %j",
    (mean, std, expected) => {
      const source = everyByte(mean.length)
      const wanted = plain(decodeTensor(expected))
      const normalize = new Normalize(mean, std)
      expect(plain(normalize.forward(new ToTensor().forward(source)))).toEqual(wanted)
      const fused = new Compose([new ToTensor(), normalize])
      expect(plain(fused.forward(source, new Generator()) as Tensor)).toEqual(wanted)
      expect(plain(fused.forward(mirroredTwin(source), new Generator()) as Tensor)).toEqual(wanted)
    },
  )

  it('takes batches, and leaves its input alone', () => {
    const batch = decodeTensor(fixture.batch)
    const result = new Normalize([0.1, 0.2, 0.3], [0.7, 1.9, 0.11]).forward(batch)
    expect(plain(result)).toEqual(plain(decodeTensor(fixture.normalizedBatch)))
    expect(plain(batch)).toEqual(plain(decodeTensor(fixture.batch)))
  })

  it('takes one number for all channels', () => {
    const image = decodeTensor(fixture.image)
    const each = new Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]).forward(image)
    expect(plain(new Normalize(0.5, 0.25).forward(image))).toEqual(plain(each))
    expect(plain(new Normalize(0.5, [0.25, 0.25, 0.25]).forward(image))).toEqual(plain(each))
  })

  const three = new Normalize([0.1, 0.2, 0.3], 1)
  it.each([
    [() => new Normalize([0.5], [0]), 'std [0] has a 0'],
    [() => new Normalize([0.5], [1e-60]), 'has a 0 (in float32)'],
    [() => new Normalize([NaN], [1]), 'mean must be a finite number or one for each channel'],
    [() => new Normalize([], [1]), 'mean must be a finite number'],
    [() => new Normalize([1, 2], [1, 2, 3]), 'mean has 2 channels, std 3'],
    [() => three.forward(namedPicture('rgb')), 'put ToTensor before Normalize'],
    [() => three.forward(Tensor.zeros([1, 2, 2])), 'Normalize has 3 channels, but the input [1, 2, 2] has 1'],
    [() => new Compose([new ToTensor(), three]).forward(namedPicture('grey'), new Generator()), 'has 1'],
  ])('says what is wrong: %s', (act, message) => {
    expect(act).toThrow(message)
  })

  it('tells wrong types and shapes apart', () => {
    expect(() => three.forward(Tensor.zeros([3, 2, 2], 'uint8'))).toThrow(DTypeError)
    expect(() => three.forward(Tensor.zeros([2, 2]))).toThrow(ShapeError)
  })
})

describe('RandomErasing', () => {
  it.each(fixture.erased)('writes where torchvision does: %j, %j', (box, value, expected) => {
    const [top, left, height, width] = box
    const values = value.length === 1 ? [value[0]!, value[0]!, value[0]!] : value
    const result = erase(decodeTensor(fixture.image), { top, left, height, width, values })
    expect(plain(result)).toEqual(plain(decodeTensor(expected)))
  })

  it('draws a rectangle that is smaller than the image, or nothing', () => {
    const limits = { scale: [0.02, 0.33], ratio: [0.3, 3.3] } as const
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        (seed, height, width) => {
          const erasure = RandomErasing.getParams(
            { height, width, channels: 3 },
            limits,
            [0, 0, 0],
            new Generator(seed),
          )
          if (!erasure) return
          expect(erasure.height).toBeLessThan(height)
          expect(erasure.width).toBeLessThan(width)
          expect(erasure.top + erasure.height).toBeLessThanOrEqual(height)
          expect(erasure.left + erasure.width).toBeLessThanOrEqual(width)
        },
      ),
      { seed: 2 },
    )
  })

  it('erases the share of images and of pixels that it says', () => {
    const generator = new Generator(3)
    const transform = new RandomErasing({ p: 0.3, scale: [0.1, 0.2], value: 7 })
    const shares = Array.from({ length: 1000 }, () => {
      const { data } = transform.forward(Tensor.zeros([1, 32, 32]), generator)
      return (data as Float32Array).filter((value) => value === 7).length / 1024
    })
    const erased = shares.filter((share) => share > 0)
    expect(erased.length).toBeGreaterThan(250)
    expect(erased.length).toBeLessThan(350)
    expect(erased.reduce((sum, share) => sum + share) / erased.length).toBeCloseTo(0.15, 2)
  })

  it("writes standard normal values for 'random', each channel its own", () => {
    const transform = new RandomErasing({ p: 1, scale: [0.3, 0.3], value: 'random' })
    const { data } = transform.forward(Tensor.full([3, 60, 60], 100), new Generator(4))
    const written = Array.from(data as Float32Array).filter((value) => value !== 100)
    const mean = written.reduce((sum, value) => sum + value) / written.length
    const variance = written.reduce((sum, value) => sum + (value - mean) ** 2) / written.length
    expect(mean).toBeCloseTo(0, 1)
    expect(variance).toBeCloseTo(1, 1)
    expect(new Set(written).size).toBe(written.length)
  })

  it('copies unless told to write in place', () => {
    const image = Tensor.zeros([1, 8, 8])
    const copy = new RandomErasing({ p: 1, value: 1 }).forward(image, new Generator(1))
    expect(image.data.includes(1)).toBe(false)
    expect((copy.data as Float32Array).includes(1)).toBe(true)
    expect(new RandomErasing({ p: 1, value: 1, inplace: true }).forward(image, new Generator(1))).toBe(image)
    expect(plain(image)).toEqual(plain(copy))
  })

  const always = (value: number[]) => new RandomErasing({ p: 1, value })
  it.each([
    [() => new RandomErasing({ p: 2 }), 'p must be from 0 to 1'],
    [() => new RandomErasing({ scale: [0.5, 2] }), 'scale must be [low, high] from 0 to 1, not [0.5, 2]'],
    [() => new RandomErasing({ ratio: [0, 1] }), 'ratio must be'],
    [() => new RandomErasing({ value: 'noise' as never }), "'random', not 'noise'"],
    [
      () => always([1, 2]).forward(Tensor.zeros([3, 4, 4]), new Generator()),
      "value [1, 2] doesn't fit an image of 3",
    ],
    [() => always([1]).forward(namedPicture('rgb'), new Generator()), 'put ToTensor before RandomErasing'],
    [() => always([1]).forward(Tensor.zeros([3, 4, 4], 'uint8'), new Generator()), 'works on float tensors'],
    [() => always([1]).forward(Tensor.zeros([4, 4]), new Generator()), 'needs a tensor […, C, H, W]'],
  ])('says what is wrong: %s', (act, message) => {
    expect(act).toThrow(message)
  })
})
