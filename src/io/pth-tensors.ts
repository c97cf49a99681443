import { bytesPerElement, allocate, type DType, type TypedArray } from '../core/dtype.ts'
import { FileFormatError } from '../core/errors.ts'
import { formatShape, sizeOf, stridesOf } from '../core/shape.ts'
import { Tensor } from '../core/tensor.ts'
import { Allowance } from './allowance.ts'
import { PickleTuple } from './pickle-values.ts'
import { PthStorage } from './pth-storage.ts'

/** A tensor that a pickle has described: all of it is known to lie in its storage, whose bytes may not be there yet. */
export class PthTensor {
  constructor(
    readonly storage: PthStorage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** Makes tensors out of storages, counting what copies cost: a few bytes can claim terabytes by strides of 0. */
export class TensorBuilder {
  readonly #memory: Allowance

  /**
   * @param source - What to call the file in messages.
   * @param fileBytes - Size of the file: copies may take a multiple of it.
   */
  constructor(
    readonly source: string,
    fileBytes: number,
  ) {
    this.#memory = new Allowance((16 << 20) + 8 * fileBytes, () =>
      this.#broken('and those before it claim far more memory than the file has bytes'),
    )
  }

  /** `torch._utils._rebuild_tensor_v2`, and `_rebuild_tensor` of before PyTorch 0.4, which has the first four arguments. */
  rebuild(args: readonly unknown[]): PthTensor {
    const [storage, offset, size, stride, , , metadata] = args
    if (args.length < 4 || args.length > 7) throw this.#broken('has an unknown form')
    if (!(storage instanceof PthStorage)) throw this.#broken('has no storage')
    if (metadata instanceof Map && metadata.size > 0) {
      throw this.#broken('is a lazily negated or conjugated view; save tensor.clone() instead')
    }
    const shape = this.#integers(size, 'shape')
    const strides = this.#integers(stride, 'strides')
    if (strides.length !== shape.length) throw this.#broken('has not as many strides as dimensions')
    if (!isCount(offset)) throw this.#broken('has no offset')
    this.#checkReach(storage, offset, shape, strides)
    return new PthTensor(storage, offset, shape, strides)
  }

  /** Tensors that are contiguous share their storage's memory, as in PyTorch; others are copied. */
  open({ storage, offset, shape, strides }: PthTensor): Tensor {
    const { dtype } = storage.type
    const length = sizeOf(shape)
    const packed = stridesOf(shape)
    const contiguous =
      length === 0 || shape.every((size, axis) => size === 1 || strides[axis] === packed[axis])
    if (contiguous) {
      const start = length === 0 ? 0 : offset
      return new Tensor(dtype, storage.data.subarray(start, start + length), shape)
    }
    this.#memory.take(length * bytesPerElement(dtype))
    return new Tensor(dtype, gather(dtype, storage.data, offset, shape, strides), shape)
  }

  /** Every element must lie in the storage. */
  #checkReach(
    storage: PthStorage,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ): void {
    if (!Number.isSafeInteger(sizeOf(shape)))
      throw this.#broken(`has the impossible shape ${formatShape(shape)}`)
    if (shape.includes(0)) return
    const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, offset)
    if (last >= storage.length) {
      throw this.#broken(
        `of shape ${formatShape(shape)} reaches element ${last} of a storage of ${storage.length} elements`,
      )
    }
  }

  #integers(value: unknown, what: string): number[] {
    const items = value instanceof PickleTuple ? value.items : undefined
    if (!items || items.length > 64 || !items.every(isCount)) {
      throw this.#broken(`has ${what} that are no short tuple of integers ≥ 0`)
    }
    return [...items]
  }

  #broken(how: string): FileFormatError {
    return new FileFormatError(
      `a tensor in ${this.source} ${how}. Save it again with torch.save(model.state_dict(), path).`,
    )
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Copies a strided view into row-major order, innermost dimension in a plain loop. */
function gather(
  dtype: DType,
  data: TypedArray,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
): TypedArray {
  const out = allocate(dtype, sizeOf(shape))
  const axes = shape.length - 1
  const [length, step] = [shape[axes] ?? 1, strides[axes] ?? 0]
  const index = new Array<number>(axes).fill(0)
  let from = offset
  for (let to = 0; to < out.length; to += length) {
    for (let i = 0; i < length; i++) (out as Float32Array)[to + i] = data[from + i * step] as number
    for (let axis = axes - 1; axis >= 0; axis--) {
      from += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      from -= index[axis]! * strides[axis]!
      index[axis] = 0
    }
  }
  return out
}
