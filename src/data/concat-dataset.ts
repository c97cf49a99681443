import { ArgumentError } from '../core/errors.ts'
import type { Generator } from '../core/generator.ts'
import { checkIndex, type Allocate, type Dataset, type Sample, type SampleJob } from './dataset.ts'

/**
 * Several data sets one after the other.
 *
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.ConcatDataset
 */
export class ConcatDataset implements Dataset {
  /** @throws {@link ArgumentError} if there is no data set. */
  constructor(readonly datasets: readonly Dataset[]) {
    if (datasets.length === 0) throw new ArgumentError('ConcatDataset needs at least one data set, got none')
  }

  get length(): number {
    return this.datasets.reduce((total, dataset) => total + dataset.length, 0)
  }

  get(index: number, generator: Generator, allocate?: Allocate): Sample | Promise<Sample> {
    const [dataset, inner] = this.#find(index)
    return dataset.get(inner, generator, allocate)
  }

  job(index: number): SampleJob | undefined {
    const [dataset, inner] = this.#find(index)
    return dataset.job?.(inner)
  }

  #find(index: number): [dataset: Dataset, inner: number] {
    checkIndex(index, this.length, 'ConcatDataset')
    let inner = index
    for (const dataset of this.datasets) {
      if (inner < dataset.length) return [dataset, inner]
      inner -= dataset.length
    }
    throw new ArgumentError('a data set changed its length while it was read')
  }
}
