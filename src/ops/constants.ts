import type { DType } from '../core/dtype.ts'
import { Tensor } from '../core/tensor.ts'
import type { Graph, Value } from '../graph/graph.ts'

/** A scalar constant. */
export function scalar(graph: Graph, value: number, dtype: DType = 'float32'): Value {
  return graph.constant(Tensor.full([], value, dtype))
}

/** A scalar constant of `reference`'s dtype, in its graph. */
export function like(reference: Value, value: number): Value {
  return scalar(reference.graph, value, reference.dtype)
}

/** A one-dimensional int64 constant: axes, shapes, starts and ends. */
export function ints(graph: Graph, values: readonly number[]): Value {
  return graph.constant(new Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]))
}
