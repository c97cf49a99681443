import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { ArgumentError } from '../../src/core/errors.ts'
import {
  contiguous,
  crop,
  flipHorizontal,
  flipVertical,
  picture,
  type Picture,
} from '../../src/vision/picture.ts'
import { resize, type Interpolation, type ResizeOptions } from '../../src/vision/resize.ts'

interface Case {
  readonly mode: 'RGB' | 'L'
  readonly interpolation: Interpolation
  readonly size: readonly [number, number]
  readonly box: ResizeOptions['box'] | null
  readonly sha256: string
  readonly pixels?: string
}

const fixture = JSON.parse(readFileSync('test/fixtures/vision/resize.json', 'utf8')) as {
  readonly height: number
  readonly width: number
  readonly rgb: string
  readonly cases: readonly Case[]
}
const { height, width } = fixture
const rgb = picture(height, width, 3, new Uint8Array(Buffer.from(fixture.rgb, 'base64')))
const grey = picture(
  height,
  width,
  1,
  rgb.data.filter((_, index) => index % 3 === 0),
)

function sha256(source: Picture): string {
  return createHash('sha256').update(contiguous(source)).digest('hex')
}

/** The same pixels with other strides: mirrored memory, looked at through a mirror. */
function mirrored(source: Picture): Picture {
  const [h, w, c] = source.shape
  return flipVertical(
    flipHorizontal(picture(h!, w!, c!, contiguous(flipVertical(flipHorizontal(source))).slice())),
  )
}

describe.each(['nearest', 'bilinear', 'bicubic', 'lanczos'] as const)('resize, %s', (interpolation) => {
  const cases = fixture.cases.filter((one) => one.interpolation === interpolation)

  it.each(cases.filter((one) => one.pixels !== undefined))("gives Pillow's bytes: $mode", (one) => {
    const result = resize(one.mode === 'RGB' ? rgb : grey, ...one.size, { interpolation })
    expect([...contiguous(result)]).toEqual([...Buffer.from(one.pixels!, 'base64')])
  })

  it.each(cases)(
    "gives Pillow's bytes: $mode to $size, box $box",
    ({ mode, size, box, sha256: expected }) => {
      const source = mode === 'RGB' ? rgb : grey
      const options = { interpolation, box: box ?? undefined }
      expect(sha256(resize(source, ...size, options))).toBe(expected)
      expect(sha256(resize(mirrored(source), ...size, options))).toBe(expected)
    },
  )
})

describe('resize', () => {
  it('does not see beyond the box', () => {
    const box = [3, 7, 21, 19] as const
    const cropped = resize(crop(rgb, ...box), 10, 10, { interpolation: 'lanczos' })
    expect(sha256(resize(rgb, 10, 10, { interpolation: 'lanczos', box }))).toBe(sha256(cropped))
  })

  it('blends a view with any strides: every fourth byte of RGBA memory', () => {
    const rgba = new Uint8Array(height * width * 4).fill(7)
    for (let pixel = 0; pixel < height * width; pixel++)
      rgba.set(rgb.data.subarray(pixel * 3, pixel * 3 + 3), pixel * 4)
    const view = picture(height, width, 3)
    view.data = rgba
    view.stride = [width * 4, 4, 1]
    expect(sha256(resize(view, 12, 16))).toBe(sha256(resize(rgb, 12, 16)))
  })

  it('gives memory of its own, whichever passes it took', () => {
    const results = [resize(rgb, 31, 17), resize(rgb, 13, 43), resize(rgb, 13, 17)]
    const before = results.map(sha256)
    resize(flipHorizontal(rgb), 31, 17)
    resize(flipHorizontal(rgb), 14, 18)
    expect(results.map(sha256)).toEqual(before)
  })

  it('refuses sizes that are no integers of 1 or more', () => {
    expect(() => resize(rgb, 0, 10)).toThrow(ArgumentError)
    expect(() => resize(rgb, 10, 10.5)).toThrow("can't resize to 10 × 10.5")
  })

  it('refuses a box that is not inside', () => {
    expect(() => resize(rgb, 10, 10, { box: [0, 40, 10, 10] })).toThrow(
      "can't crop 10 × 10 (height × width) at row 0, column 40 out of a picture of 31 × 43",
    )
  })

  it('names the filters it knows', () => {
    expect(() => resize(rgb, 10, 10, { interpolation: 'cubic' as Interpolation })).toThrow("'bicubic'")
  })
})
