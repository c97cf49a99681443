import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { decodeImage } from '../../src/vision/decode.ts'
import { contiguous, crop, sizeOfPicture, type Picture } from '../../src/vision/picture.ts'
import { resize } from '../../src/vision/resize.ts'

const root = '../shared/data/hymenoptera_data'
const hashes = Object.entries(
  JSON.parse(readFileSync('test/fixtures/vision/real.json', 'utf8')) as Record<string, [string, string]>,
)

/** The first 64 bits of SHA-256. */
function hash(source: Picture): string {
  return createHash('sha256').update(contiguous(source)).digest('hex').slice(0, 16)
}

/** torchvision's Resize(256) and CenterCrop(224); Python rounds halves to even. */
function resizeAndCrop(source: Picture): Picture {
  const [height, width] = sizeOfPicture(source)
  const [h, w] =
    width <= height ? [Math.trunc((256 * height) / width), 256] : [256, Math.trunc((256 * width) / height)]
  const evenHalf = (size: number) => {
    const low = Math.floor(size / 2)
    return size % 2 === 0 ? low : low + (low % 2)
  }
  return crop(resize(source, h, w), evenHalf(h - 224), evenHalf(w - 224), 224, 224)
}

describe.skipIf(!existsSync(root))('the 397 real pictures (needs ../shared)', () => {
  it("have Pillow's very bytes, decoded and after Resize(256) and CenterCrop(224)", () => {
    const different = hashes.filter(([path, expected]) => {
      const decoded = decodeImage(readFileSync(`${root}/${path}`), { source: path })
      return hash(decoded) !== expected[0] || hash(resizeAndCrop(decoded)) !== expected[1]
    })
    expect(hashes.length).toBe(397)
    expect(different).toEqual([])
  })
})
