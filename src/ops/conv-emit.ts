import { GraphError } from '../core/errors.ts'
import type { Attributes, Dim, Value } from '../graph/graph.ts'
import { ints } from './constants.ts'
import { reduceSum } from './reduce.ts'
import { transpose } from './reshape.ts'

/** Short forms for writing ONNX nodes inside gradient and lowering rules, where the shapes are known to fit. */

/** One node with one output of the first input's dtype. */
export function emit(
  opType: string,
  inputs: readonly (Value | undefined)[],
  shape: readonly Dim[],
  attributes: Attributes = {},
): Value {
  const first = inputs[0]!
  return first.graph.add(opType, inputs, attributes, [{ dtype: first.dtype, shape }]).output()
}

/** `Reshape` by ONNX's own target: 0 copies the size at that place, −1 is inferred. `shape` is the result's. */
export function reshapeBy(x: Value, target: readonly number[], shape: readonly Dim[]): Value {
  return emit('Reshape', [x, ints(x.graph, target)], shape)
}

/** Products and sums as `equation` says. @see https://onnx.ai/onnx/operators/onnx__Einsum.html */
export function einsum(equation: string, inputs: readonly Value[], shape: readonly Dim[]): Value {
  return emit('Einsum', inputs, shape, { equation: { string: equation } })
}

/** Swaps the last two dimensions. */
export function transposeLast(x: Value): Value {
  const perm = x.shape.map((_, axis) => axis)
  perm.push(...perm.splice(-2).reverse())
  return transpose(x, perm)
}

/** Per-channel sum over the batch and all positions: `[N, C, …]` → `[C]`. */
export function sumPerChannel(x: Value): Value {
  return reduceSum(
    x,
    x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis])),
  )
}

/** Product of fixed sizes. */
export const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1)

/** The sizes after batch and channels, which must be fixed. */
export function spatialShape(x: Value): number[] {
  return x.shape.slice(2).map((_, axis) => x.dim(axis + 2))
}

/** One number for every dimension, or a list with one for each. */
export function perDimension(
  name: string,
  value: number | readonly number[] | undefined,
  rank: number,
  fallback: number,
): number[] {
  const list = typeof value === 'object' ? [...value] : Array.from({ length: rank }, () => value ?? fallback)
  if (list.length !== rank || list.some((size) => !Number.isInteger(size) || size < 0)) {
    throw new GraphError(
      `${name} is [${list.join(', ')}]; give one whole number, or one for each of the ${rank} spatial dimensions`,
    )
  }
  return list
}
