import { ArgumentError, DataError } from '../core/errors.ts'
import type { Generator } from '../core/generator.ts'

/**
 * The order in which an epoch visits the samples. A sampler has no state: the order is a function of the
 * generator alone, so an epoch is repeated, or resumed in its middle, from the generator's saved state.
 *
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.Sampler
 */
export interface Sampler {
  /** Number of indices of one epoch. */
  readonly length: number
  /** The indices of one epoch; all random draws are from `generator`. */
  indices(generator: Generator): Iterable<number>
}

/** What a sampler needs to know of a data set. */
export interface Sized {
  readonly length: number
}

/** 0, 1, 2 …: always the same order. */
export class SequentialSampler implements Sampler {
  constructor(private readonly source: Sized) {}

  get length(): number {
    return this.source.length
  }

  *indices(): Iterable<number> {
    for (let index = 0; index < this.length; index++) yield index
  }
}

/** Options of {@link RandomSampler}. */
export interface RandomSamplerOptions {
  /** Whether an index may come again before all have come. Default: false. */
  readonly replacement?: boolean | undefined
  /** Number of indices of an epoch. Default: the data set's length. */
  readonly numSamples?: number | undefined
}

/**
 * Every index once, in random order. With `numSamples` above the length, further orders follow; with
 * `replacement`, each index is drawn for itself.
 *
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.RandomSampler
 */
export class RandomSampler implements Sampler {
  readonly #source: Sized
  readonly #replacement: boolean
  readonly #numSamples: number | undefined

  /** @throws {@link ArgumentError} if `numSamples` is no integer ≥ 1. */
  constructor(source: Sized, { replacement = false, numSamples }: RandomSamplerOptions = {}) {
    if (numSamples !== undefined) checkCount(numSamples, 'numSamples')
    this.#source = source
    this.#replacement = replacement
    this.#numSamples = numSamples
  }

  get length(): number {
    return this.#numSamples ?? this.#source.length
  }

  *indices(generator: Generator): Iterable<number> {
    const size = this.#source.length
    if (size === 0) throw new DataError('there is nothing to draw from: the data set is empty')
    const count = this.length
    if (this.#replacement) {
      for (let drawn = 0; drawn < count; drawn++) yield generator.integer(0, size)
      return
    }
    for (let drawn = 0; drawn < count; drawn += size) {
      yield* generator.permutation(size).slice(0, count - drawn)
    }
  }
}

/** Throws unless `value` is an integer ≥ 1. */
export function checkCount(value: number, what: string): void {
  if (!Number.isInteger(value) || value < 1)
    throw new ArgumentError(`${what} must be an integer ≥ 1, not ${value}`)
}
