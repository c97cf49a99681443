import { createHash } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { Generator } from '../../../src/core/generator.ts'
import { Tensor } from '../../../src/core/tensor.ts'
import { contiguous, picture, type Picture } from '../../../src/vision/picture.ts'
import { ColorJitter, jitterColor } from '../../../src/vision/transforms/color-jitter.ts'
import { adjustBrightness, adjustContrast, adjustSaturation } from '../../../src/vision/transforms/color.ts'
import { Grayscale } from '../../../src/vision/transforms/grayscale.ts'
import { adjustHue } from '../../../src/vision/transforms/hue.ts'
import { decodePicture, mirroredTwin, namedPicture, plain, readFixture, type Encoded } from './fixtures.ts'

const adjust = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
  grayscale: (source: Picture, channels: number) => new Grayscale(channels as 1 | 3).forward(source),
}
type Name = keyof typeof adjust

describe('colour adjustments', () => {
  type Case = [name: Name, factor: number, picture: string, expected: Encoded]

  it.each(readFixture('colors.json') as Case[])("give PIL's bytes: %s %f of %s", (...args) => {
    const [name, factor, source, expected] = args
    const wanted = plain(decodePicture(expected))
    expect(plain(adjust[name](namedPicture(source), factor))).toEqual(wanted)
    expect(plain(adjust[name](mirroredTwin(namedPicture(source)), factor))).toEqual(wanted)
  })

  const digests = readFixture('color-cube.json') as Record<Name, [factor: number, digest: string][]>
  const digestCases = Object.entries(digests).flatMap(([name, list]) =>
    list.map(([factor, digest]) => [name as Name, factor, digest] as const),
  )

  it.each(digestCases)("give PIL's bytes for 64,000 colours: %s %f", (name, factor, digest) => {
    const bytes = contiguous(adjust[name](colorCube(), factor))
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest)
  })
})

function colorCube(): Picture {
  // NumPy's round is half to even; 255 i / 39 has no halves.
  const levels = Array.from({ length: 40 }, (_, i) => Math.round((i * 255) / 39))
  const colours = levels.flatMap((r) => levels.flatMap((g) => levels.flatMap((b) => [r, g, b])))
  return picture(1600, 40, 3, Uint8Array.from(colours))
}

describe('ColorJitter', () => {
  const jitter = new ColorJitter({ brightness: 0.3, contrast: [0.5, 3], saturation: 2, hue: 0.1 })

  it('draws every factor within its range, and every order', () => {
    const orders = new Set<string>()
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const params = ColorJitter.getParams(jitter.ranges, new Generator(seed))
        orders.add(params.order.join())
        expect([...params.order].sort()).toEqual([0, 1, 2, 3])
        within(params.brightness!, 0.7, 1.3)
        within(params.contrast!, 0.5, 3)
        within(params.saturation!, 0, 3)
        within(params.hue!, -0.1, 0.1)
      }),
      { seed: 1, numRuns: 500 },
    )
    expect(orders.size).toBe(24)
  })

  it('leaves out what is not varied, and then draws nothing for it', () => {
    const { ranges } = new ColorJitter({ brightness: 0, contrast: [1, 1], hue: 0 })
    expect(Object.values(ranges)).toEqual([undefined, undefined, undefined, undefined])
    const drawn = new Generator(1)
    const expected = new Generator(1)
    ColorJitter.getParams(ranges, drawn)
    expected.permutation(4)
    expect(drawn.state()).toEqual(expected.state())
  })

  it('applies the adjustments in the order it draws', () => {
    const source = namedPicture('rgb')
    const contrastLast = jitterColor(source, { order: [3, 0, 2, 1], brightness: 1.4, contrast: 0.4 })
    expect(plain(contrastLast)).toEqual(plain(adjustContrast(adjustBrightness(source, 1.4), 0.4)))
    const contrastFirst = jitterColor(source, { order: [1, 0, 2, 3], brightness: 1.4, contrast: 0.4 })
    expect(plain(contrastFirst)).toEqual(plain(adjustBrightness(adjustContrast(source, 0.4), 1.4)))
    const drawn = jitterColor(source, ColorJitter.getParams(jitter.ranges, new Generator(4)))
    expect(plain(jitter.forward(source, new Generator(4)))).toEqual(plain(drawn))
  })

  it.each([
    [() => new ColorJitter({ brightness: -0.1 }), 'brightness must not be negative, but is -0.1'],
    [() => new ColorJitter({ contrast: [-1, 1] }), 'contrast must be [low, high], not [-1, 1]'],
    [() => new ColorJitter({ hue: 0.6 }), 'hue must be [low, high] from -0.5 to 0.5, not [-0.6, 0.6]'],
    [() => new Grayscale(2 as never), 'numOutputChannels must be 1 or 3, not 2'],
    [() => new Grayscale().forward(Tensor.zeros([3, 2, 2])), 'put Grayscale before ToTensor'],
    [() => jitter.forward(Tensor.zeros([3, 2, 2]), new Generator()), 'put ColorJitter before ToTensor'],
  ])('says what is wrong: %s', (act, message) => {
    expect(act).toThrow(message)
  })
})

function within(value: number, low: number, high: number): void {
  expect(value).toBeGreaterThanOrEqual(low)
  expect(value).toBeLessThanOrEqual(high)
}
