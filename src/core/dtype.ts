/** The element types a {@link Tensor} can have, by PyTorch's names. `bool` is stored as one byte, 0 or 1. */
export type DType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'bool'

/** The element types that numbers are kept in on a device: those of tensors, and IEEE half precision for float32 ones. */
export type StoredDType = DType | 'float16'

/** The typed array that stores the elements of each {@link DType}. */
export interface TypedArrays {
  float32: Float32Array<ArrayBuffer>
  float64: Float64Array<ArrayBuffer>
  int32: Int32Array<ArrayBuffer>
  int64: BigInt64Array<ArrayBuffer>
  uint8: Uint8Array<ArrayBuffer>
  bool: Uint8Array<ArrayBuffer>
}

/** Any typed array that can back a {@link Tensor}. */
export type TypedArray = TypedArrays[DType]

const constructors = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const

/** Allocates `length` zeros of `dtype`. */
export function allocate<D extends DType>(dtype: D, length: number): TypedArrays[D] {
  return new constructors[dtype](length) as TypedArrays[D]
}

/** Whether `data` is the kind of typed array that stores `dtype`. */
export function stores(dtype: DType, data: unknown): data is TypedArray {
  return data instanceof constructors[dtype]
}

/** Bytes of one element. */
export function bytesPerElement(dtype: StoredDType): number {
  return dtype === 'float16' ? 2 : constructors[dtype].BYTES_PER_ELEMENT
}

/** Whether `dtype` is a floating-point type: only those have gradients. */
export function isFloat(dtype: DType): dtype is 'float32' | 'float64' {
  return dtype === 'float32' || dtype === 'float64'
}
