import type { DType, StoredDType } from '../core/dtype.ts'

/**
 * `TensorProto.DataType`, which ONNX Runtime's C interface has as well. They stand here as numbers, so that what writes a
 * graph needn't load protobuf: that is done when a graph is serialized.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
const dataTypes: Readonly<Record<StoredDType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
}

const dtypes = new Map(
  Object.entries(dataTypes).flatMap(([dtype, number]) =>
    dtype === 'float16' ? [] : [[number, dtype as DType]],
  ),
)

/** ONNX's number of an element type. */
export function dataTypeOf(dtype: StoredDType): number {
  return dataTypes[dtype]
}

/** The element type that ONNX's number stands for; `undefined` for one that the library has not. */
export function dtypeOf(dataType: number): DType | undefined {
  return dtypes.get(dataType)
}
