import type { Generator } from '../core/generator.ts'
import { checkCount, type Sampler } from './sampler.ts'

/**
 * Groups the indices of a sampler into batches.
 *
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.BatchSampler
 */
export class BatchSampler implements BatchOrder {
  /**
   * @param dropLast - Whether to leave out the last batch if it is smaller than `batchSize`.
   * @throws {@link ArgumentError} if `batchSize` is no integer ≥ 1.
   */
  constructor(
    readonly sampler: Sampler,
    readonly batchSize: number,
    readonly dropLast: boolean,
  ) {
    checkCount(batchSize, 'batchSize')
  }

  get length(): number {
    const batches = this.sampler.length / this.batchSize
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches)
  }

  *batches(generator: Generator): Iterable<readonly number[]> {
    let batch: number[] = []
    for (const index of this.sampler.indices(generator)) {
      batch.push(index)
      if (batch.length < this.batchSize) continue
      yield batch
      batch = []
    }
    if (batch.length > 0 && !this.dropLast) yield batch
  }
}

/** What a loader's `batchSampler` must be: {@link BatchSampler}, or an object of your own. */
export interface BatchOrder {
  /** Number of batches of one epoch. */
  readonly length: number
  /** The indices of each batch of one epoch; all random draws are from `generator`. */
  batches(generator: Generator): Iterable<readonly number[]>
}
