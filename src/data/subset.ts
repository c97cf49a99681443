import { ArgumentError } from '../core/errors.ts'
import type { Generator } from '../core/generator.ts'
import { checkIndex, type Allocate, type Dataset, type Sample, type SampleJob } from './dataset.ts'

/**
 * The samples of `dataset` at `indices`, in that order.
 *
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.Subset
 */
export class Subset<D extends Dataset = Dataset> implements Dataset {
  /** @throws {@link DataError} if `dataset` lacks one of the `indices`. */
  constructor(
    readonly dataset: D,
    readonly indices: readonly number[],
  ) {
    for (const index of indices) checkIndex(index, dataset.length, 'the data set of this Subset')
  }

  get length(): number {
    return this.indices.length
  }

  get(index: number, generator: Generator, allocate?: Allocate): Sample | Promise<Sample> {
    return this.dataset.get(this.#inner(index), generator, allocate)
  }

  job(index: number): SampleJob | undefined {
    return this.dataset.job?.(this.#inner(index))
  }

  #inner(index: number): number {
    checkIndex(index, this.length, 'Subset')
    return this.indices[index]!
  }
}

/**
 * Splits a data set at random into parts that don't overlap.
 *
 * @param lengths - Sizes that add up to `dataset.length`, or fractions that add up to 1. Fractions are
 * rounded down; what is left over goes to the parts in turn, one sample each, from the first.
 * @throws {@link ArgumentError} if they add up to something else.
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.random_split
 */
export function randomSplit<D extends Dataset>(
  dataset: D,
  lengths: readonly number[],
  generator: Generator,
): Subset<D>[] {
  const sizes = isOne(sum(lengths)) ? sizesOf(lengths, dataset.length) : lengths
  const valid = sizes.every((size) => Number.isInteger(size) && size >= 0)
  if (!valid || sum(sizes) !== dataset.length) {
    throw new ArgumentError(
      `randomSplit got [${lengths.join(', ')}]: give integers ≥ 0 that add up to the data set's ` +
        `${dataset.length} samples, or fractions in 0 … 1 that add up to 1`,
    )
  }
  const order = generator.permutation(dataset.length)
  let start = 0
  return sizes.map((size) => new Subset(dataset, order.slice(start, (start += size))))
}

function sizesOf(fractions: readonly number[], length: number): number[] {
  const sizes = fractions.map((fraction) => Math.floor(length * fraction))
  for (let index = 0, left = length - sum(sizes); index < left; index++) sizes[index % sizes.length]!++
  return sizes
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** `math.isclose(value, 1)`, as PyTorch asks. */
function isOne(value: number): boolean {
  return Math.abs(value - 1) <= 1e-9 * Math.max(Math.abs(value), 1)
}
