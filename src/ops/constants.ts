import type { DType } from '../core/dtype.ts'
import { GraphError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import type { Graph, Node, Value } from '../graph/graph.ts'

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

/**
 * The numbers of an input that must be a constant for the rule of the node to be known.
 *
 * @throws {@link GraphError} if it is computed or fed.
 */
export function constantInts(node: Node, index: number): number[] {
  const { constant } = node.input(index)
  if (constant) return Array.from(constant.data, Number)
  throw new GraphError(
    `${node.toString()}: input ${index} must be a constant for the node to be differentiated`,
  )
}
