import type { Generator } from '../core/generator.ts'
import type { Tensor } from '../core/tensor.ts'

/** One element of a data set: an input (for pictures `[C, H, W]`) and its label (a class index, or a target tensor). */
export interface Sample {
  readonly input: Tensor
  readonly label: number | Tensor
}

/**
 * A map-style data set: anything with a `length` and a `get`. Implement this for data of your own.
 *
 * @see https://pytorch.org/docs/stable/data.html#map-style-datasets
 */
export interface Dataset {
  /** Number of samples. */
  readonly length: number

  /**
   * The sample at `index`, 0 … length − 1.
   *
   * @param generator - The source of every random draw of this sample: a function of the loader's seed,
   * the epoch and `index`, so that the sample is the same whichever worker makes it.
   */
  get(index: number, generator: Generator): Sample | Promise<Sample>

  /**
   * Optional: what a loader worker needs to make the sample elsewhere. Without it, or where it returns
   * `undefined`, `get` runs on the caller's thread.
   */
  job?(index: number): SampleJob | undefined
}

/**
 * A sample as a recipe that crosses the border of a worker: `handler` names a function registered in the
 * worker, `payload` is its structured-cloneable argument. The worker's result goes through `finish` on the
 * caller's thread (for transforms that can't be sent).
 */
export interface SampleJob {
  readonly handler: string
  readonly payload: unknown
  /** Runs on the caller's thread with the generator where the worker left it; the default is the identity. */
  finish?(sample: Sample, generator: Generator): Sample | Promise<Sample>
}
