import { product } from './conv-emit.ts'
import type { Geometry } from './conv-geometry.ts'

/**
 * Where the taps of windows lie in an image whose positions are counted in row-major order. A graph is built on a page's own
 * thread, and a large image has a million of them: so lists are flat.
 */
export interface Places {
  /** Window by window, the place of each tap. */
  readonly data: Int32Array<ArrayBuffer>
  readonly windows: number
  readonly taps: number
}

/** The places of every tap of every window; `outside` for those in the padding. */
export function placesOf(
  geometry: Geometry,
  sizes: readonly number[],
  windows: readonly number[],
  outside: number,
): Places {
  const [count, taps] = [product(windows), product(geometry.kernel)]
  // Dimension by dimension: the place so far of each window and tap.
  let [data, windowsSoFar, tapsSoFar] = [new Int32Array(1), 1, 1]
  sizes.forEach((size, axis) => {
    const along = positionsAlong(geometry, axis, windows[axis]!)
    data = combined({ data, windows: windowsSoFar, taps: tapsSoFar }, along, size)
    windowsSoFar *= along.windows
    tapsSoFar *= along.taps
  })
  return { data: data.map((place) => (place < 0 ? outside : place)), windows: count, taps }
}

/** The positions of the taps in one dimension, also beside the image. */
function positionsAlong(geometry: Geometry, axis: number, windows: number): Places {
  const [taps, stride] = [geometry.kernel[axis]!, geometry.strides[axis]!]
  const [dilation, pad] = [geometry.dilations[axis]!, geometry.pads[axis]!]
  const data = new Int32Array(windows * taps)
  for (let index = 0; index < data.length; index++)
    data[index] = Math.floor(index / taps) * stride + (index % taps) * dilation - pad
  return { data, windows, taps }
}

/** The places with one dimension more, of `size`; −1 for those beside it. */
function combined(outer: Places, inner: Places, size: number): Int32Array<ArrayBuffer> {
  const result = new Int32Array(outer.data.length * inner.data.length)
  let to = 0
  for (let outerWindow = 0; outerWindow < outer.windows; outerWindow++)
    for (let innerWindow = 0; innerWindow < inner.windows; innerWindow++)
      for (let outerTap = 0; outerTap < outer.taps; outerTap++)
        for (let innerTap = 0; innerTap < inner.taps; innerTap++) {
          const place = outer.data[outerWindow * outer.taps + outerTap]!
          const position = inner.data[innerWindow * inner.taps + innerTap]!
          const isInside = place >= 0 && position >= 0 && position < size
          result[to++] = isInside ? place * size + position : -1
        }
  return result
}

/** Of each window, the taps in `order`: their numbers, or −1 for one that is `outside`. */
export function withTaps(places: Places, order: readonly number[], outside: number): Places {
  const { windows, taps } = places
  const data = new Int32Array(windows * order.length)
  for (let index = 0; index < data.length; index++) {
    const tap = order[index % order.length]!
    data[index] = tap < 0 ? outside : places.data[Math.floor(index / order.length) * taps + tap]!
  }
  return { data, windows, taps: order.length }
}

/** Tap by tap, the place of each window. */
export function byTap({ data, windows, taps }: Places): Int32Array<ArrayBuffer> {
  return Int32Array.from(data, (_, index) => data[(index % windows) * taps + Math.floor(index / windows)]!)
}

/**
 * The same seen from an image of `size` positions: for each, which columns (window · taps + tap) took it, filled up to the
 * longest list with `none`; and how long that is.
 */
export function readersOf({ data }: Places, size: number, none: number): { readers: number[]; most: number } {
  const lists = Array.from({ length: size }, (): number[] => [])
  data.forEach((place, column) => lists[place]?.push(column))
  const most = lists.reduce((longest, { length }) => Math.max(longest, length), 1)
  const readers = lists.flatMap((list) => [...list, ...new Array<number>(most - list.length).fill(none)])
  return { readers, most }
}

/** A convolution, or the gradient of its input: a convolution with the taps mirrored and the channels swapped. */
export type Way = 'forward' | 'back'

/** The taps as that way has them. */
export const inOrder = (taps: readonly number[], way: Way): readonly number[] =>
  way === 'forward' ? taps : taps.toReversed()

/** The numbers from 0 on, and as many −1 as there are to be more. */
export const counted = (count: number, all = count): number[] =>
  Array.from({ length: all }, (_, index) => (index < count ? index : -1))

/** As many taps as make `channels` times their number a multiple of 4: WebGPU's products read four numbers at a time. */
export function tapsInFours(taps: number, channels: number): number {
  let padded = taps
  while ((padded * channels) % 4 !== 0) padded++
  return padded
}

/** The number of positions of the kernel. */
export const tapsOf = ({ kernel }: Geometry): number => product(kernel)
