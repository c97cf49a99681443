import { describe, expect, it } from 'vitest'

import { ArgumentError } from '../../../src/core/errors.ts'
import { createPictureStore, openPictureCache } from '../../../src/vision/cache/picture-cache.ts'
import { contiguous, crop, picture, type Picture } from '../../../src/vision/picture.ts'

const stamp = { mtimeMs: 1_700_000_000_000.25, size: 5_000_000_000 }
const pixels = (height: number, width: number, seed: number): Picture =>
  picture(
    height,
    width,
    3,
    Uint8Array.from({ length: height * width * 3 }, (_, at) => at * seed),
  )
const bytes = (source: Picture | undefined) => source && [source.shape, [...contiguous(source)]]

describe('a cache of pictures in memory', () => {
  it('gives back what was put, through another thread’s view of the store too', () => {
    const store = createPictureStore(3, { maxBytes: 1e5 })
    const [one, other] = [openPictureCache(store), openPictureCache(structuredClone(store))]
    one.put(2, stamp, pixels(5, 7, 3))
    other.put(0, stamp, crop(pixels(9, 9, 5), 1, 2, 3, 4))
    for (const cache of [one, other]) {
      expect(bytes(cache.get(2, stamp))).toEqual(bytes(pixels(5, 7, 3)))
      expect(bytes(cache.get(0, stamp))).toEqual(bytes(crop(pixels(9, 9, 5), 1, 2, 3, 4)))
      expect(cache.get(1, stamp)).toBeUndefined()
    }
  })

  it('gives memory of the caller’s own: writing to it changes nothing', () => {
    const cache = openPictureCache(createPictureStore(1, { maxBytes: 1e5 }))
    cache.put(0, stamp, pixels(5, 7, 3))
    cache.get(0, stamp)!.data.fill(0)
    expect(bytes(cache.get(0, stamp))).toEqual(bytes(pixels(5, 7, 3)))
  })

  it.each([
    ['time', { ...stamp, mtimeMs: stamp.mtimeMs + 0.25 }],
    ['size', { ...stamp, size: stamp.size + 1 }],
  ])('has nothing for a file of another %s', (_, changed) => {
    const cache = openPictureCache(createPictureStore(1, { maxBytes: 1e5 }))
    cache.put(0, stamp, pixels(5, 7, 3))
    expect(cache.get(0, changed)).toBeUndefined()
  })

  it('keeps what fits, and what it has when it is full', () => {
    // 10 × 10 × 3 bytes take 320: three fit into 1,000, and a small one into what is left.
    const cache = openPictureCache(createPictureStore(5, { maxBytes: 1030 }))
    for (let index = 0; index < 4; index++) cache.put(index, stamp, pixels(10, 10, index + 1))
    cache.put(4, stamp, pixels(4, 4, 9))
    const kept = [0, 1, 2, 3, 4].map((index) => bytes(cache.get(index, stamp)))
    expect(kept).toEqual([
      ...[1, 2, 3].map((seed) => bytes(pixels(10, 10, seed))),
      undefined,
      bytes(pixels(4, 4, 9)),
    ])
  })

  it.each([0, -1, Number.NaN, Infinity, 1e15])('refuses %d bytes', (maxBytes) => {
    expect(() => createPictureStore(1, { maxBytes })).toThrow(ArgumentError)
  })
})
