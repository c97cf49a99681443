import { allocate, type DType, type TypedArray, type TypedArrays } from '../core/dtype.ts'
import { DataError } from '../core/errors.ts'
import { formatShape, sameShape, sizeOf, type Shape } from '../core/shape.ts'
import { Tensor } from '../core/tensor.ts'
import type { Sample } from './dataset.ts'

/** Samples stacked along a new first dimension. */
export interface Batch {
  /** `[N, …]`; for pictures `[N, C, H, W]`. */
  readonly inputs: Tensor
  /** Class indices as int32 `[N]`, or stacked targets `[N, …]`. */
  readonly labels: Tensor
}

/**
 * Stacks samples into a batch.
 *
 * @param indices - The samples' indices in the data set, for messages; by default their places in the batch.
 * @throws {@link DataError} if shapes or types differ, or if a label is no integer.
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.default_collate
 */
export function collate(samples: readonly Sample[], indices?: readonly number[]): Batch {
  const stack = new BatchStack(samples.length)
  samples.forEach((sample, position) => {
    stack.add(sample, indices?.[position] ?? position)
  })
  return stack.batch()
}

/**
 * A batch that grows by one sample at a time, so that each sample is copied, once, when it is made: no long
 * pause at the end, and no second copy of the whole batch in memory.
 */
export class BatchStack {
  readonly #inputs: Rows
  readonly #labels: Rows

  /** @param count - Number of samples that will be added. */
  constructor(count: number) {
    if (count === 0) throw new DataError('a batch needs at least one sample, got none')
    this.#inputs = new Rows(
      count,
      'an input',
      'Make them equal in the transform, for pictures with Resize and CenterCrop, or give the loader a collate.',
    )
    this.#labels = new Rows(count, 'a label', 'Give all samples the same kind of label or target.')
  }

  /** Memory for the input of the sample that comes next: its place in the batch, if it has the shape of those before. */
  allocate<D extends DType>(dtype: D, shape: Shape): TypedArrays[D] {
    return this.#inputs.next(dtype, shape)
  }

  /** Copies `sample` into the next row, unless its input was made there. */
  add({ input, label }: Sample, index: number): void {
    this.#inputs.add(input, index)
    this.#labels.add(typeof label === 'number' ? classIndex(label, index) : label, index)
  }

  /** The batch; all samples must have been added. */
  batch(): Batch {
    return { inputs: this.#inputs.tensor(), labels: this.#labels.tensor() }
  }
}

function classIndex(label: number, index: number): Tensor<'int32'> {
  const data = Int32Array.of(label)
  if (data[0] !== label) {
    throw new DataError(
      `sample ${index} has the label ${label}, but a number is a class index and must be an integer. ` +
        "For a regression target give a tensor: Tensor.from(value, 'float32').",
    )
  }
  return new Tensor('int32', data, [])
}

/** What all rows have in common. */
type Kind = Pick<Tensor, 'dtype' | 'shape'>

class Rows {
  #kind: Kind = { dtype: 'float32', shape: [0] }
  #firstIndex = 0
  #data: TypedArray = new Float32Array(0)
  #filled = 0

  constructor(
    private readonly count: number,
    private readonly what: string,
    private readonly remedy: string,
  ) {}

  next<D extends DType>(dtype: D, shape: Shape): TypedArrays[D] {
    if (this.#filled === 0) this.#start({ dtype, shape })
    if (!sameKind(this.#kind, { dtype, shape })) return allocate(dtype, sizeOf(shape))
    const size = sizeOf(shape)
    return this.#data.subarray(this.#filled * size, (this.#filled + 1) * size) as TypedArrays[D]
  }

  add(row: Tensor, index: number): void {
    if (this.#filled === 0) {
      this.#firstIndex = index
      if (!sameKind(row, this.#kind)) this.#start(row)
    }
    if (!sameKind(row, this.#kind)) {
      throw new DataError(
        `sample ${index} has ${this.what} of ${describe(row)}, but sample ${this.#firstIndex} of the same batch ` +
          `of ${describe(this.#kind)}. ${this.remedy}`,
      )
    }
    const start = this.#filled++ * row.size
    const place = this.#data.subarray(start, start + row.size)
    const isThere = row.data.buffer === place.buffer && row.data.byteOffset === place.byteOffset
    if (!isThere) place.set(row.data as never)
  }

  #start({ dtype, shape }: Kind): void {
    this.#kind = { dtype, shape }
    this.#data = allocate(dtype, this.count * sizeOf(shape))
  }

  tensor(): Tensor {
    const { dtype, shape } = this.#kind
    return new Tensor(dtype, this.#data, [this.count, ...shape])
  }
}

function sameKind(a: Kind, b: Kind): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape)
}

function describe({ dtype, shape }: Kind): string {
  return `${dtype} ${formatShape(shape)}`
}

/**
 * Makes a batch of samples.
 *
 * @param indices - The samples' indices in the data set.
 */
export type Collate<B = Batch> = (samples: readonly Sample[], indices: readonly number[]) => B
