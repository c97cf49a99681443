import { nextTurn } from '#platform'

import { AbortError, ArgumentError, DataError } from '../core/errors.ts'
import { Generator } from '../core/generator.ts'
import { pauses } from '../core/steps.ts'
import type { SamplePool } from '../platform/sample-pool.ts'
import { BatchStack, type Collate } from './collate.ts'
import type { Allocate, Dataset, Sample, SampleJob } from './dataset.ts'
import { unpackError } from '../core/error-wire.ts'
import { reviveBatch, reviveSample, type MadeSample, type TaskItem, type TaskResult } from './sample-task.ts'

/** A sample's place in an epoch: which one, and its source of randomness. */
export interface Place {
  readonly index: number
  readonly generator: Generator
}

type Planned = Place & { readonly job: SampleJob | undefined }

/**
 * Makes the batches of one epoch. Samples with a job are made in a worker, stacked there where that is all there
 * is to do; the others, and what must be finished here, on the caller's thread, one sample at a time.
 */
export class BatchMaker<B> {
  /** The caller's thread has one lane: batches wait for each other here, in order. */
  #lane: Promise<unknown> = Promise.resolve()
  readonly #rest = pauses(nextTurn)

  constructor(
    private readonly dataset: Dataset,
    private readonly collate: Collate<B> | undefined,
    private readonly pool: SamplePool | undefined,
    private readonly signal: AbortSignal,
  ) {}

  /** @throws {@link DataError} naming the sample that failed; its cause is what the data set threw. */
  async make(places: readonly Place[]): Promise<B> {
    const planned = places.map((place) => ({ ...place, job: this.#jobOf(place.index) }))
    const jobs = planned.filter(hasJob)
    if (jobs.length === 0) return this.#inLane(() => this.#makeHere(planned, new Map()))
    const stack = !this.collate && planned.every(({ job }) => job && !job.finish)
    const result = await this.pool!.run({ items: jobs.map(toItem), stack }, this.signal)
    if (result.kind === 'failure') throw failure(result)
    if (result.kind === 'batch') return reviveBatch(result.batch) as B
    const made = new Map(result.made.map((sample, position) => [jobs[position] as Planned, sample]))
    return this.#inLane(() => this.#makeHere(planned, made))
  }

  #jobOf(index: number): SampleJob | undefined {
    return this.pool && this.dataset.job?.(index)
  }

  #inLane(work: () => Promise<B>): Promise<B> {
    const result = this.#lane.then(work)
    this.#lane = result.catch(() => undefined)
    return result
  }

  async #makeHere(planned: readonly Planned[], made: ReadonlyMap<Planned, MadeSample>): Promise<B> {
    const samples: Sample[] = []
    const stack = this.collate ? undefined : new BatchStack(planned.length)
    const allocate: Allocate | undefined = stack && ((dtype, shape) => stack.allocate(dtype, shape))
    for (const place of planned) {
      await this.#pause()
      const sample = await this.#makeSample(place, made.get(place), allocate)
      if (stack) stack.add(sample, place.index)
      else samples.push(sample)
    }
    if (stack) return stack.batch() as B
    return this.collate!(
      samples,
      planned.map(({ index }) => index),
    )
  }

  async #makeSample(
    { index, generator, job }: Planned,
    made: MadeSample | undefined,
    allocate: Allocate | undefined,
  ): Promise<Sample> {
    try {
      if (!made) return await this.dataset.get(index, generator, allocate)
      const sample = reviveSample(made.sample)
      return job?.finish ? await job.finish(sample, Generator.fromState(made.generator)) : sample
    } catch (error) {
      throw sampleError(index, error)
    }
  }

  async #pause(): Promise<void> {
    await this.#rest()
    if (this.signal.aborted) throw new AbortError('the batch is no longer wanted')
  }
}

function hasJob(planned: Planned): planned is Planned & { job: SampleJob } {
  return planned.job !== undefined
}

function toItem({ index, generator, job }: Planned & { job: SampleJob }): TaskItem {
  const item = { index, handler: job.handler, payload: job.payload, generator: generator.state() }
  try {
    // Sending it would throw too, but out of a worker's event, where nobody can catch it.
    structuredClone(item)
  } catch (cause) {
    throw new ArgumentError(
      `the job of sample ${index} ('${job.handler}') holds something that can't be sent to a worker: give its ` +
        'payload plain data only, or leave out the job and the sample is made on the main thread',
      { cause },
    )
  }
  return item
}

function failure({ index, error }: Extract<TaskResult, { kind: 'failure' }>): Error {
  const unpacked = unpackError(error)
  return index === undefined ? unpacked : sampleError(index, unpacked)
}

function sampleError(index: number, cause: unknown): Error {
  if (cause instanceof AbortError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new DataError(`sample ${index} could not be made: ${reason}`, { cause })
}
