import { execFileSync } from 'node:child_process'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { Generator } from '../../src/core/generator.ts'
import { resizeBySimd } from '../../src/vision/kernels/resize-simd.ts'
import { crop, flipHorizontal, flipVertical, picture } from '../../src/vision/picture.ts'
import { horizontalPass } from '../../src/vision/resize-horizontal.ts'
import { verticalPass } from '../../src/vision/resize-vertical.ts'
import { resizeWeights } from '../../src/vision/resize-weights.ts'

const size = fc.integer({ min: 1, max: 90 })
const filter = fc.constantFrom('bilinear', 'bicubic', 'lanczos')

function noise(height: number, width: number, seed: number) {
  const generator = new Generator(seed)
  // Much of it black or white, so that bicubic and lanczos overshoot and must be clipped.
  const level = () => Math.min(Math.max(generator.integer(-200, 456), 0), 255)
  return picture(height, width, 3, Uint8Array.from({ length: height * width * 3 }, level))
}

describe('resizeBySimd', () => {
  it('gives the bytes that the passes in JavaScript give', () => {
    fc.assert(
      fc.property(size, size, size, size, filter, fc.nat(), (h, w, height, width, name, seed) => {
        const source = noise(h, w, seed)
        const across = resizeWeights(w, width, name)
        const down = resizeWeights(h, height, name)
        const expected = verticalPass(horizontalPass(source, across), width * 3, down)
        expect(Buffer.from(resizeBySimd(source, across, down)!).equals(Buffer.from(expected))).toBe(true)
      }),
    )
  })

  it('takes crops and pictures upside down, and leaves mirrored and grey ones to JavaScript', () => {
    const whole = noise(60, 50, 1)
    const across = resizeWeights(30, 20, 'bilinear')
    const down = resizeWeights(40, 25, 'bilinear')
    for (const part of [crop(whole, 3, 7, 40, 30), flipVertical(crop(whole, 3, 7, 40, 30))]) {
      const expected = verticalPass(horizontalPass(part, across), 60, down)
      expect([...resizeBySimd(part, across, down)!]).toEqual([...expected])
    }
    expect(resizeBySimd(flipHorizontal(crop(whole, 0, 0, 40, 30)), across, down)).toBeUndefined()
    expect(resizeBySimd(picture(40, 30, 1), across, down)).toBeUndefined()
  })
})

describe('the kernels', () => {
  it('are what their sources make', () => {
    execFileSync(process.execPath, ['scripts/build-kernels.js', '--check'])
  })
})
