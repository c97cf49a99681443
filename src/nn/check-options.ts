import { ArgumentError } from '../core/errors.ts'

/** One number for both dimensions, or one for the height and one for the width. */
export type Pair = number | readonly [number, number]

/** Throws {@link ArgumentError} unless `value` is a whole number ≥ `low`. */
export function checkCount(owner: string, name: string, value: number, low = 1): void {
  if (Number.isSafeInteger(value) && value >= low) return
  throw new ArgumentError(`${owner}: ${name} must be a whole number ≥ ${low}, not ${String(value)}`)
}

/** Height and width. Throws {@link ArgumentError} unless both are whole numbers ≥ `low`. */
export function pairOf(owner: string, name: string, value: Pair, low = 1): readonly [number, number] {
  const given: readonly number[] = typeof value === 'object' ? value : [value, value]
  const [height, width] = given
  if (given.length !== 2) {
    throw new ArgumentError(
      `${owner}: ${name} must be one number or [height, width], not [${given.join(', ')}]`,
    )
  }
  for (const size of given) checkCount(owner, name, size, low)
  return [height!, width!]
}

/** Throws {@link ArgumentError} unless `eps` is a number ≥ 0. */
export function checkEps(owner: string, eps: number): void {
  if (!(eps >= 0 && eps < Infinity)) throw new ArgumentError(`${owner}: eps must be a number ≥ 0, not ${eps}`)
}
