/** Checks of transforms' options: what torchvision accepts, with messages that say what was given. */
import { ArgumentError } from '../../core/errors.ts'

/** A height and a width, or one number for both. */
export type Size = number | readonly [height: number, width: number]

/** The lower and the upper end of a range. */
export type Range = readonly [low: number, high: number]

/** One value for all channels, or one for each. */
export type Fill = number | readonly number[]

/** `[height, width]` of a size option. Throws {@link ArgumentError} unless both are integers ≥ 1. */
export function parseSize(size: Size, transform: string): readonly [height: number, width: number] {
  const pair: readonly unknown[] = typeof size === 'number' ? [size, size] : [...size]
  if (pair.length === 2 && pair.every((edge) => Number.isInteger(edge) && (edge as number) >= 1)) {
    return pair as [number, number]
  }
  throw new ArgumentError(
    `${transform}: a size is an integer ≥ 1 or [height, width] of such, not ${format(size)}`,
  )
}

/** Throws {@link ArgumentError} unless 0 ≤ p ≤ 1. */
export function checkProbability(p: number, transform: string): void {
  if (p >= 0 && p <= 1) return
  throw new ArgumentError(`${transform}: the probability p must be from 0 to 1, not ${p}`)
}

/** Throws {@link ArgumentError} unless `range` is `[low, high]` with `bounds[0]` ≤ low ≤ high ≤ `bounds[1]`. */
export function checkRange(
  range: Range,
  name: string,
  transform: string,
  bounds: Range = [-Infinity, Infinity],
): void {
  const [low = NaN, high = NaN, ...more] = range as readonly number[]
  if (more.length === 0 && low >= bounds[0] && low <= high && high <= bounds[1]) return
  const where = Number.isFinite(bounds[0] + bounds[1]) ? ` from ${bounds[0]} to ${bounds[1]}` : ''
  throw new ArgumentError(`${transform}: ${name} must be [low, high]${where}, not ${format(range)}`)
}

/**
 * The byte with which each of `channels` is filled: fractions are cut off, as PIL does.
 *
 * @throws {@link ArgumentError} if the number of values doesn't fit, or one is outside of 0 … 255.
 */
export function fillBytes(fill: Fill, channels: number, transform: string): readonly number[] {
  const values = typeof fill === 'number' ? new Array<number>(channels).fill(fill) : fill
  if (values.length !== channels) {
    throw new ArgumentError(
      `${transform}: fill has ${values.length} values, the picture ${channels} channels`,
    )
  }
  const outside = values.find((value) => !(value >= 0 && value <= 255))
  if (outside !== undefined) {
    throw new ArgumentError(`${transform}: fill must be from 0 to 255 for a picture, not ${outside}`)
  }
  return values.map(Math.trunc)
}

/** Rounds halves to the even neighbour, as Python's `round`: `Math.round` would crop one pixel further. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

/** A value of an option, for messages. */
export function format(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
}
