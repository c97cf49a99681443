import { ArgumentError } from '../core/errors.ts'
import type { Generator } from '../core/generator.ts'
import { BatchSampler, type BatchOrder } from './batch-sampler.ts'
import type { Collate } from './collate.ts'
import type { Dataset } from './dataset.ts'
import { checkCount, RandomSampler, SequentialSampler, type Sampler } from './sampler.ts'

/** Options of {@link DataLoader}: names, defaults and conflicts are PyTorch's. */
export interface DataLoaderOptions<B> {
  /** Samples a batch. Default: 1. */
  readonly batchSize?: number | undefined
  /** Whether each epoch visits the samples in a new random order. Default: false. */
  readonly shuffle?: boolean | undefined
  /** The order of the samples, in place of `shuffle`. */
  readonly sampler?: Sampler | undefined
  /** The batches, in place of `batchSize`, `shuffle`, `sampler` and `dropLast`. */
  readonly batchSampler?: BatchOrder | undefined
  /** Whether to leave out the last batch if it is smaller. Default: false. */
  readonly dropLast?: boolean | undefined
  /**
   * Workers that make samples. Default: 0: the caller's thread makes each batch when it is asked for. A data
   * set without `job` is read on the caller's thread in any case; with workers it is read ahead.
   */
  readonly numWorkers?: number | undefined
  /** Batches made ahead, for each worker. Default: 2; only with `numWorkers`. */
  readonly prefetchFactor?: number | undefined
  /** Makes a batch of samples, on the caller's thread. Default: {@link collate}, in the worker. */
  readonly collate?: Collate<B> | undefined
  /** Source of the order and of all transforms; each epoch takes one draw. Default: a new one with seed 0. */
  readonly generator?: Generator | undefined
  /** Ends any running epoch with an {@link AbortError}. */
  readonly signal?: AbortSignal | undefined
}

/** The batches that the options ask for. Throws {@link ArgumentError} where they contradict each other. */
export function batchesOf<B>(dataset: Dataset, options: DataLoaderOptions<B>): BatchOrder {
  const { batchSize = 1, shuffle = false, sampler, batchSampler, dropLast = false } = options
  if (batchSampler) {
    if (batchSize !== 1 || shuffle || sampler || dropLast) {
      throw new ArgumentError(
        'batchSampler already decides on batchSize, shuffle, sampler and dropLast: drop those',
      )
    }
    return batchSampler
  }
  if (sampler && shuffle) {
    throw new ArgumentError('sampler already decides on the order: drop shuffle, or the sampler')
  }
  const order = sampler ?? (shuffle ? new RandomSampler(dataset) : new SequentialSampler(dataset))
  return new BatchSampler(order, batchSize, dropLast)
}

/** Number of batches to make ahead; 0 without workers. Throws {@link ArgumentError} for what can't be. */
export function batchesAhead<B>({ numWorkers = 0, prefetchFactor }: DataLoaderOptions<B>): number {
  if (!Number.isInteger(numWorkers) || numWorkers < 0) {
    throw new ArgumentError(`numWorkers must be an integer ≥ 0, not ${numWorkers}`)
  }
  if (prefetchFactor === undefined) return numWorkers * 2
  if (numWorkers === 0) {
    throw new ArgumentError(
      'prefetchFactor needs workers: set numWorkers to 1 or more, or drop prefetchFactor',
    )
  }
  checkCount(prefetchFactor, 'prefetchFactor')
  return numWorkers * prefetchFactor
}
