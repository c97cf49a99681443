import { allocate, stores, type DType, type TypedArray, type TypedArrays } from './dtype.ts'
import { DTypeError, ShapeError } from './errors.ts'
import { formatTensor } from './format-tensor.ts'
import { formatShape, sameShape, sizeOf, type Shape } from './shape.ts'
import { StridedView } from './strided-view.ts'

/** Nested arrays of numbers, as deep as a tensor has dimensions. */
export type NestedArray = number | readonly NestedArray[]

/**
 * A typed array with a shape, in row-major order: the container for batches, parameters and results.
 * It holds numbers and does no arithmetic: that is the graph's work.
 *
 * @example
 * ```ts
 * import { Tensor } from 'onnx-finetune'
 *
 * const x = Tensor.from([[1, 2, 3], [4, 5, 6]])
 * x.shape              // [2, 3]
 * x.view.get(1, 2)     // 6, through a strided view
 * x.toList()           // [[1, 2, 3], [4, 5, 6]]
 * ```
 */
export class Tensor<D extends DType = DType> {
  /**
   * @param dtype - Element type.
   * @param data - Elements in row-major order; kept, not copied.
   * @param shape - Sizes; their product must be `data.length`.
   * @throws {@link DTypeError} if `data` doesn't store `dtype`.
   * @throws {@link ShapeError} if the sizes aren't integers ≥ 0 or don't multiply to `data.length`.
   */
  constructor(
    readonly dtype: D,
    readonly data: TypedArrays[D],
    readonly shape: Shape,
  ) {
    if (!stores(dtype, data)) {
      throw new DTypeError(`a ${dtype} tensor can't be backed by a ${(data as object).constructor.name}`)
    }
    if (!shape.every((size) => Number.isInteger(size) && size >= 0)) {
      throw new ShapeError(`shape ${formatShape(shape)} has a size that is no integer ≥ 0`)
    }
    if (sizeOf(shape) !== data.length) {
      throw new ShapeError(
        `shape ${formatShape(shape)} needs ${sizeOf(shape)} elements, but ${data.length} were given`,
      )
    }
  }

  /** A float32 tensor of zeros, or of another `dtype`. */
  static zeros<D extends DType = 'float32'>(shape: Shape, dtype: D = 'float32' as D): Tensor<D> {
    return new Tensor(dtype, allocate(dtype, sizeOf(shape)), shape)
  }

  /** A tensor filled with `value`. */
  static full<D extends DType = 'float32'>(
    shape: Shape,
    value: number,
    dtype: D = 'float32' as D,
  ): Tensor<D> {
    const tensor = Tensor.zeros(shape, dtype)
    tensor.data.fill((dtype === 'int64' ? BigInt(value) : value) as never)
    return tensor
  }

  /** A tensor from nested arrays of numbers (or one number, for a scalar). Throws {@link ShapeError} if ragged. */
  static from<D extends DType = 'float32'>(values: NestedArray, dtype: D = 'float32' as D): Tensor<D> {
    const shape = shapeOfNested(values)
    const flat: number[] = []
    flatten(values, shape, 0, flat)
    const data = allocate(dtype, flat.length)
    flat.forEach((value, index) => {
      data[index] = dtype === 'int64' ? BigInt(value) : value
    })
    return new Tensor(dtype, data, shape)
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length
  }

  /** A strided view over the same memory: crop, flip and transpose without a copy. */
  get view(): StridedView<TypedArrays[D]> {
    return new StridedView(this.data, this.shape)
  }

  /** The same memory under another shape of as many elements. */
  reshape(shape: Shape): Tensor<D> {
    return new Tensor(this.dtype, this.data, shape)
  }

  /** A tensor with a copy of the memory. */
  clone(): Tensor<D> {
    return new Tensor(this.dtype, this.data.slice() as TypedArrays[D], this.shape)
  }

  /** The only element of a tensor of size 1. Throws {@link ShapeError} otherwise. */
  item(): number {
    const [value] = this.data
    if (this.size !== 1 || value === undefined) {
      throw new ShapeError(
        `item() needs a tensor of one element, this one has the shape ${formatShape(this.shape)}`,
      )
    }
    return Number(value)
  }

  /** Nested arrays of numbers (int64 elements too: beyond 2^53 they lose digits). */
  toList(): NestedArray {
    return nest(this.data, this.shape, 0, 0)
  }

  /** Whether dtype, shape and every element are equal (NaN equals NaN). */
  equals(other: Tensor): boolean {
    return (
      this.dtype === other.dtype &&
      sameShape(this.shape, other.shape) &&
      (this.data as ArrayLike<unknown> as readonly unknown[]).every((value, index) =>
        Object.is(value, other.data[index]),
      )
    )
  }

  /** A readable, shortened print as PyTorch's: `tensor([[1.0000, 2.0000]], float32 [1, 2])`. */
  toString(): string {
    return formatTensor(this)
  }
}

function shapeOfNested(values: NestedArray): number[] {
  if (typeof values === 'number') return []
  const [first] = values
  return [values.length, ...(first === undefined ? [] : shapeOfNested(first))]
}

function flatten(values: NestedArray, shape: Shape, depth: number, into: number[]): void {
  if (typeof values === 'number' ? depth !== shape.length : values.length !== shape[depth]) {
    throw new ShapeError(
      `nested arrays are ragged at depth ${depth}: expected the shape ${formatShape(shape)}`,
    )
  }
  if (typeof values === 'number') into.push(values)
  else for (const value of values) flatten(value, shape, depth + 1, into)
}

function nest(data: TypedArray, shape: Shape, depth: number, offset: number): NestedArray {
  if (depth === shape.length) return Number(data[offset])
  const stride = sizeOf(shape.slice(depth + 1))
  return Array.from({ length: shape[depth] ?? 0 }, (_, index) =>
    nest(data, shape, depth + 1, offset + index * stride),
  )
}
