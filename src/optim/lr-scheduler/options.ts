import { ArgumentError } from '../../core/errors.ts'

/** Options that every scheduler by epochs takes. */
export interface ChainableOptions {
  /** The epoch to go on after, with `initialLr` in every group. Default: −1, which starts. */
  readonly lastEpoch?: number | undefined
}

/** Throws {@link ArgumentError} unless `value` is an integer ≥ `low`. */
export function checkInteger(name: string, value: number, low: number): void {
  if (!Number.isInteger(value) || value < low) {
    throw new ArgumentError(`${name} is ${value}, but must be an integer ≥ ${low}`)
  }
}

/** Throws {@link ArgumentError} unless `value` is one of `allowed`. */
export function checkChoice(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) {
    throw new ArgumentError(
      `${name} is '${value}', but must be ${allowed.map((choice) => `'${choice}'`).join(' or ')}`,
    )
  }
}

/** One value for each of `count` groups: given one by one, or the same for all. Each must be finite and ≥ 0. */
export function perGroup(name: string, value: number | readonly number[], count: number): number[] {
  const values = typeof value === 'number' ? new Array<number>(count).fill(value) : [...value]
  if (values.length !== count) {
    throw new ArgumentError(
      `${name} has ${values.length} values for ${count} groups: give one for each, or one number`,
    )
  }
  for (const item of values) {
    if (!(Number.isFinite(item) && item >= 0))
      throw new ArgumentError(`${name} is ${item}, but must be finite and ≥ 0`)
  }
  return values
}
