import { ArgumentError } from '../core/errors.ts'
import type { Generator } from '../core/generator.ts'
import { checkCount, type Sampler } from './sampler.ts'

/**
 * Draws indices in proportion to `weights`, which need not add up to 1: to balance classes, give each
 * sample 1 / (number of samples of its class).
 *
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler
 */
export class WeightedRandomSampler implements Sampler {
  readonly #weights: readonly number[]
  readonly #replacement: boolean
  readonly length: number

  /**
   * @param weights - One number ≥ 0 a sample, not all of them 0.
   * @param numSamples - Number of indices of an epoch.
   * @param options - `replacement`: whether an index may come more than once. Default: true.
   * @throws {@link ArgumentError} if a weight is negative or not finite, or if without replacement there are
   * fewer positive weights than `numSamples`.
   */
  constructor(
    weights: readonly number[],
    numSamples: number,
    { replacement = true }: { readonly replacement?: boolean | undefined } = {},
  ) {
    checkCount(numSamples, 'numSamples')
    const bad = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity))
    if (bad >= 0)
      throw new ArgumentError(`weights must be finite numbers ≥ 0, but weight ${bad} is ${weights[bad]}`)
    const positive = weights.filter((weight) => weight > 0).length
    if (positive < (replacement ? 1 : numSamples)) {
      throw new ArgumentError(
        `${positive} positive weights are too few to draw ${numSamples} samples ` +
          `${replacement ? 'with' : 'without'} replacement`,
      )
    }
    this.#weights = [...weights]
    this.#replacement = replacement
    this.length = numSamples
  }

  indices(generator: Generator): Iterable<number> {
    return this.#replacement
      ? drawWithReplacement(this.#weights, this.length, generator)
      : drawWithoutReplacement(this.#weights, this.length, generator)
  }
}

function* drawWithReplacement(
  weights: readonly number[],
  count: number,
  generator: Generator,
): Iterable<number> {
  let total = 0
  const sums = weights.map((weight) => (total += weight))
  for (let drawn = 0; drawn < count; drawn++) yield firstAbove(sums, generator.random() * total)
}

/** Index of the first sum above `value`: a weight of 0 is never it. */
function firstAbove(sums: readonly number[], value: number): number {
  let low = 0
  let high = sums.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (sums[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * The first of competing exponential clocks with these rates is distributed as a weighted draw, and the order
 * in which they ring as draws without replacement (Efraimidis and Spirakis, 2006; `torch.multinomial` does so).
 */
function drawWithoutReplacement(weights: readonly number[], count: number, generator: Generator): number[] {
  const clocks = weights.map((weight) => -Math.log(1 - generator.random()) / weight)
  const positive = weights.flatMap((weight, index) => (weight > 0 ? [index] : []))
  return positive.sort((a, b) => clocks[a]! - clocks[b]!).slice(0, count)
}
