import { ArgumentError } from '../core/errors.ts'
import { Generator } from '../core/generator.ts'
import type { Batch } from '../data/collate.ts'
import { DataLoader, drawsOfEpoch } from '../data/data-loader.ts'
import type { Dataset, Sample, SampleJob } from '../data/dataset.ts'
import type { DataLoaderOptions } from '../data/loader-options.ts'

/** Notes which samples of a data set draw random numbers while {@link read} makes each of them once. */
export class FixedSamples implements Dataset {
  readonly #dataset: Dataset
  readonly #start = drawsOfEpoch(new Generator())
  #drawn: number | undefined

  constructor(dataset: Dataset) {
    this.#dataset = dataset
  }

  get length(): number {
    return this.#dataset.length
  }

  /**
   * All samples in their order.
   *
   * @param what - The data set's name for messages.
   * @throws {@link ArgumentError} at the first batch with a sample that drew: another epoch would make another one of it.
   */
  async *read(
    what: string,
    options: Pick<DataLoaderOptions<Batch>, 'batchSize' | 'numWorkers' | 'signal'>,
  ): AsyncGenerator<Batch, void, undefined> {
    await using loader = new DataLoader(this, options)
    for await (const batch of loader.epoch(new Generator())) {
      if (this.#drawn !== undefined) throw randomSample(what, this.#drawn)
      yield batch
    }
  }

  async get(index: number, generator: Generator): Promise<Sample> {
    const sample = await this.#dataset.get(index, generator)
    this.#note(index, generator)
    return sample
  }

  job(index: number): SampleJob | undefined {
    const job = this.#dataset.job?.(index)
    if (!job) return undefined
    const finish = async (sample: Sample, generator: Generator): Promise<Sample> => {
      const finished = job.finish ? await job.finish(sample, generator) : sample
      this.#note(index, generator)
      return finished
    }
    return { ...job, finish }
  }

  /** In order a sample's place is its index, which tells where its generator began. */
  #note(index: number, generator: Generator): void {
    const start = this.#start(index).state()
    if (generator.state().some((word, place) => word !== start[place])) this.#drawn ??= index
  }
}

function randomSample(what: string, index: number): ArgumentError {
  return new ArgumentError(
    `sample ${index} of ${what} draws random numbers, so each epoch would make another picture of it, and its ` +
      'features can’t be computed once. Give that data set transforms that don’t draw, as for validation (Resize, ' +
      'CenterCrop, ToTensor, Normalize), or train the whole model on the pictures instead.',
  )
}
