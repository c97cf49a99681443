/**
 * The way from a data set to batches. In goes a {@link Dataset}; a sampler gives the order of an epoch, workers
 * (or the caller's thread) make the samples, and out come batches, in order, some of them made ahead.
 */
import { openSamplePool } from '#platform'

import { asyncDispose } from '../core/async-dispose.ts'
import { AbortError, throwIfAborted } from '../core/errors.ts'
import { Generator } from '../core/generator.ts'
import type { SamplePool } from '../platform/sample-pool.ts'
import { BatchMaker, type Place } from './batch-maker.ts'
import type { BatchOrder } from './batch-sampler.ts'
import type { Batch, Collate } from './collate.ts'
import { checkIndex, type Dataset } from './dataset.ts'
import { batchesAhead, batchesOf, type DataLoaderOptions } from './loader-options.ts'

/**
 * Iterates over a data set in batches; each `for await` is an epoch. The batches are the same, bit for bit, with
 * any number of workers. Workers start with the first epoch and stay for the next; idle ones don't keep the
 * process alive. Leaving an epoch early (`break`, an error, `signal`) stops what was being made ahead.
 *
 * @example
 * ```ts
 * import { DataLoader, Generator, Tensor, TensorDataset } from 'onnx-finetune'
 *
 * const dataset = new TensorDataset(Tensor.zeros([10, 3, 8, 8]), Tensor.zeros([10], 'int32'))
 * const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true, generator: new Generator(1) })
 * loader.length   // 3
 * for await (const { inputs, labels } of loader) {
 *   inputs.shape  // [4, 3, 8, 8], [4, 3, 8, 8], [2, 3, 8, 8]
 * }
 * ```
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
 */
export class DataLoader<B = Batch> implements AsyncIterable<B> {
  /** Advances by one draw an epoch: its state before an epoch is all that is needed to repeat it. */
  readonly generator: Generator
  /** The batches of an epoch, as the options ask for them. They fit any data set of the same length. */
  readonly batchSampler: BatchOrder
  /** What was given; `undefined` for the default. */
  readonly collate: Collate<B> | undefined
  readonly numWorkers: number
  readonly signal: AbortSignal | undefined
  readonly #ahead: number
  readonly #pool: SamplePool | undefined

  /** @throws {@link ArgumentError} for an option out of range, or options that contradict each other. */
  constructor(
    readonly dataset: Dataset,
    options: DataLoaderOptions<B> = {},
  ) {
    this.batchSampler = batchesOf(dataset, options)
    this.#ahead = batchesAhead(options)
    this.collate = options.collate
    this.numWorkers = options.numWorkers ?? 0
    this.signal = options.signal
    this.#pool = this.numWorkers > 0 ? openSamplePool(this.numWorkers) : undefined
    this.generator = options.generator ?? new Generator()
  }

  /** Number of batches of an epoch. */
  get length(): number {
    return this.batchSampler.length
  }

  /**
   * The next epoch.
   *
   * @throws {@link DataError} naming the sample that could not be made, with the data set's error as `cause`.
   * @throws {@link WorkerError} naming the samples that a dying worker was making.
   * @throws {@link AbortError} once `signal` is aborted.
   */
  [Symbol.asyncIterator](): AsyncGenerator<B, void, undefined> {
    return this.epoch(this.generator.split())
  }

  /**
   * The epoch that `generator` stands for: the same state gives the same batches.
   *
   * @param generator - Decides on the order and on all transforms; it is not advanced.
   * @param from - Number of batches to leave out at the beginning, to resume an interrupted epoch.
   */
  epoch(generator: Generator, from = 0): AsyncGenerator<B, void, undefined> {
    return this.#run(this.#plan(Generator.fromState(generator.state()), from))
  }

  /** Ends the workers, and with them any running epoch. A later epoch starts new ones. */
  async close(): Promise<void> {
    await this.#pool?.close()
  }

  /** `await using loader = …` closes it at the end of the block. */
  [asyncDispose](): Promise<void> {
    return this.close()
  }

  async *#run(plan: Iterator<readonly Place[]>): AsyncGenerator<B, void, undefined> {
    const stop = new AbortController()
    const maker = new BatchMaker(this.dataset, this.collate, this.#pool, stop.signal)
    const pending: Promise<B>[] = []
    const fill = (count: number) => {
      for (let next; pending.length < count && !(next = plan.next()).done;) {
        const batch = maker.make(next.value)
        // Its error is thrown when its turn comes; until then, or if that never comes, it is nobody's.
        batch.catch(noop)
        pending.push(batch)
      }
    }
    try {
      for (;;) {
        fill(Math.max(this.#ahead, 1))
        if (!pending[0]) return
        const batch = await unlessAborted(pending[0], this.signal)
        void pending.shift()
        fill(this.#ahead)
        yield batch
      }
    } finally {
      stop.abort()
      if (!this.signal?.aborted) await Promise.allSettled(pending)
    }
  }

  *#plan(generator: Generator, from: number): Iterator<readonly Place[]> {
    const drawsOf = drawsOfEpoch(generator)
    let place = 0
    let number = 0
    for (const indices of this.batchSampler.batches(generator)) {
      const first = place
      place += indices.length
      if (number++ < from) continue
      for (const index of indices) checkIndex(index, this.dataset.length, 'the data set')
      // By place, not by index: a sampler may give an index twice, and should get two augmentations of it.
      yield indices.map((index, position) => ({ index, generator: drawsOf(first + position) }))
    }
  }
}

/**
 * What each sample of the epoch that `generator` stands for draws from, by its place in the epoch. Takes one draw of
 * `generator`.
 */
export function drawsOfEpoch(generator: Generator): (place: number) => Generator {
  const samples = generator.split()
  return (place) => samples.fork(place)
}

/** `promise`, or an {@link AbortError} as soon as `signal` is aborted. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  throwIfAborted(signal, 'the epoch')
  if (!signal) return promise
  let onAbort: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(new AbortError('the epoch was aborted', { cause: signal.reason }))
    }
    signal.addEventListener('abort', onAbort)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort)
  }
}

function noop(): void {
  // Nothing to do.
}
