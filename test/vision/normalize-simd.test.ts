import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { normalizeBySimd } from '../../src/vision/kernels/normalize-simd.ts'
import { crop, flipHorizontal, flipVertical, picture, type Picture } from '../../src/vision/picture.ts'

const { fround } = Math
const size = fc.integer({ min: 4, max: 40 })
const mean = fc.double({ min: -2, max: 2, noNaN: true }).map(fround)
const std = fc.double({ min: 0.01, max: 3, noNaN: true }).map(fround)
const channel = fc.tuple(mean, std)
const statistics = fc.tuple(channel, channel, channel)
const view = fc.constantFrom<(source: Picture) => Picture>(
  (source) => source,
  flipHorizontal,
  flipVertical,
  (source) => flipVertical(flipHorizontal(source)),
)

describe('normalizeBySimd', () => {
  it('takes the steps of ToTensor and Normalize in float32, of crops and mirrored pictures too', () => {
    fc.assert(
      fc.property(
        size,
        size,
        fc.nat(3),
        fc.nat(255),
        view,
        statistics,
        (h, w, margin, seed, turn, channels) => {
          const pixels = Uint8Array.from({ length: (h + 3) * (w + 3) * 3 }, (_, at) => at * 37 + seed)
          const source = turn(crop(picture(h + 3, w + 3, 3, pixels), 3 - margin, margin, h, w))
          const out = new Float32Array(3 * h * w)
          expect(normalizeBySimd(source, channels, out)).toBe(true)
          const expected = new Float32Array(out.length).map((_, at) => {
            const c = Math.trunc(at / (h * w))
            const byte = source.get(Math.trunc(at / w) % h, at % w, c)
            return fround(fround(byte / 255) - channels[c]![0]) / channels[c]![1]
          })
          expect(Buffer.from(out.buffer).equals(Buffer.from(expected.buffer))).toBe(true)
        },
      ),
    )
  })

  it('leaves grey and very narrow pictures to JavaScript', () => {
    const channels = Array.from({ length: 3 }, () => [0, 1] as const)
    expect(normalizeBySimd(picture(8, 8, 1), channels, new Float32Array(64))).toBe(false)
    expect(normalizeBySimd(picture(8, 3, 3), channels, new Float32Array(72))).toBe(false)
  })
})
