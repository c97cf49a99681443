import type { Geometry } from './conv-geometry.ts'
import { product } from './conv-emit.ts'

/** Where the taps of windows lie in an image whose positions are counted in row-major order. */

/** The place of every tap of every window, `[windows][taps]`; `outside` where it is in the padding. */
export function placesOf(
  geometry: Geometry,
  sizes: readonly number[],
  windows: readonly number[],
  outside: number,
): number[][] {
  const taps = positionsOf(geometry.kernel)
  return positionsOf(windows).map((window) =>
    taps.map((tap) => {
      const position = tap.map(
        (at, axis) =>
          window[axis]! * geometry.strides[axis]! + at * geometry.dilations[axis]! - geometry.pads[axis]!,
      )
      const isInside = position.every((at, axis) => at >= 0 && at < sizes[axis]!)
      return isInside ? placeOf(position, sizes) : outside
    }),
  )
}

/**
 * The same seen from the image: for each of its positions, which columns (window · taps + tap) took it, filled up to
 * the longest list with `none`.
 */
export function readersOf(places: readonly (readonly number[])[], size: number, none: number): number[][] {
  const readers = Array.from({ length: size }, (): number[] => [])
  for (const [window, taps] of places.entries())
    for (const [tap, place] of taps.entries()) readers[place]?.push(window * taps.length + tap)
  const most = readers.reduce((longest, { length }) => Math.max(longest, length), 1)
  return readers.map((list) => [...list, ...new Array<number>(most - list.length).fill(none)])
}

/** All positions of an image, in row-major order. */
function positionsOf(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (outer, size) => outer.flatMap((position) => Array.from({ length: size }, (_, at) => [...position, at])),
    [[]],
  )
}

const placeOf = (position: readonly number[], sizes: readonly number[]): number =>
  position.reduce((place, at, axis) => place * sizes[axis]! + at, 0)

/** A convolution, or the gradient of its input: a convolution with the taps mirrored and the channels swapped. */
export type Way = 'forward' | 'back'

/** The taps as that way has them. */
export const inOrder = (taps: readonly number[], way: Way): readonly number[] =>
  way === 'forward' ? taps : taps.toReversed()

/** As many taps as make `channels` times their number a multiple of 4: WebGPU's products read four numbers at a time. */
export function tapsInFours(taps: number, channels: number): number {
  let padded = taps
  while ((padded * channels) % 4 !== 0) padded++
  return padded
}

/** The number of positions of the kernel. */
export const tapsOf = ({ kernel }: Geometry): number => product(kernel)
