import type { DType, TypedArrays } from '../core/dtype.ts'
import { DataError } from '../core/errors.ts'
import type { Generator } from '../core/generator.ts'
import type { Shape } from '../core/shape.ts'
import type { Tensor } from '../core/tensor.ts'

/** One element of a data set: an input (for pictures `[C, H, W]`) and its label (a class index, or a target tensor). */
export interface Sample {
  readonly input: Tensor
  readonly label: number | Tensor
}

/**
 * Gives memory for a sample's input of this type and shape, of any contents: the batch's own, so that nothing has to be
 * copied there.
 */
export type Allocate = <D extends DType>(dtype: D, shape: Shape) => TypedArrays[D]

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
   * the epoch and the sample's place in the epoch, so that the sample is the same whichever worker makes it.
   * @param allocate - If given, the input may be made in this memory, which is the sample's alone. It need not be.
   */
  get(index: number, generator: Generator, allocate?: Allocate): Sample | Promise<Sample>

  /**
   * Optional: what a loader worker needs to make the sample elsewhere. Without it, or where it returns
   * `undefined`, `get` runs on the caller's thread.
   */
  job?(index: number): SampleJob | undefined
}

/**
 * A sample as a recipe that crosses the border of a worker. The worker's result goes through `finish` on
 * the caller's thread (for transforms that can't be sent). It must make the sample that `get` makes.
 *
 * @example
 * ```ts
 * import type { Dataset } from 'onnx-finetune'
 *
 * // my-samples.js exports `async function load(path, generator) { …; return { input, label } }`
 * const handler = new URL('./my-samples.js#load', import.meta.url).href
 * const job: Dataset['job'] = (index) => ({ handler, payload: `scan-${index}.raw` })
 * ```
 */
export interface SampleJob {
  /** `'image'`, or the URL of a module and, after `#`, the name of its export: a {@link SampleHandler}. */
  readonly handler: string
  /** The handler's argument: structured-cloneable, and copied to the worker, so keep it small. */
  readonly payload: unknown
  /** Runs on the caller's thread with the generator where the worker left it; the default is the identity. */
  finish?(sample: Sample, generator: Generator): Sample | Promise<Sample>
}

/**
 * Makes a sample inside a loader worker. The worker gives the sample's memory away: return tensors of your
 * own, not cached ones, or such as lie in the memory that `allocate` gives (see {@link Dataset.get}).
 */
export type SampleHandler = (
  payload: unknown,
  generator: Generator,
  allocate?: Allocate,
) => Sample | Promise<Sample>

/** Throws unless `index` is an integer in 0 … length − 1. */
export function checkIndex(index: number, length: number, what: string): void {
  if (Number.isInteger(index) && index >= 0 && index < length) return
  throw new DataError(`${what} has no sample ${index}: its indices are 0 to ${length - 1}`)
}
