import { GraphError } from '../core/errors.ts'
import { formatShape, normalizeAxis, sameShape } from '../core/shape.ts'
import type { Dim, Value } from '../graph/graph.ts'
import { ints } from './constants.ts'
import type { OpDefinition } from './registry.ts'

/**
 * The same elements under another shape. One size may be symbolic.
 *
 * @throws {@link GraphError} if two sizes are symbolic.
 * @see https://onnx.ai/onnx/operators/onnx__Reshape.html
 */
export function reshape(x: Value, shape: readonly Dim[]): Value {
  if (sameShape(x.shape, shape)) return x
  if (shape.filter((size) => typeof size === 'string').length > 1) {
    throw new GraphError(`reshape of ${x.toString()} to ${formatShape(shape)}: only one size may be symbolic`)
  }
  const target = ints(
    x.graph,
    shape.map((size) => (typeof size === 'number' ? size : -1)),
  )
  return x.graph.add('Reshape', [x, target], {}, [{ dtype: x.dtype, shape }]).output()
}

/** Joins the dimensions from `startDim` on into one. @see https://pytorch.org/docs/stable/generated/torch.flatten.html */
export function flatten(x: Value, startDim = 1): Value {
  const axis = normalizeAxis(startDim, x.rank)
  const joined = x.shape.slice(axis).reduce<number>((product, _, index) => product * x.dim(axis + index), 1)
  return reshape(x, [...x.shape.slice(0, axis), joined])
}

/** Drops dimensions of size 1. */
export function squeeze(x: Value, axes: readonly number[]): Value {
  const dropped = axes.map((axis) => normalizeAxis(axis, x.rank))
  return reshape(
    x,
    x.shape.filter((_, axis) => !dropped.includes(axis)),
  )
}

/** Inserts dimensions of size 1 at `axes` of the result. */
export function unsqueeze(x: Value, axes: readonly number[]): Value {
  const rank = x.rank + axes.length
  const inserted = axes.map((axis) => normalizeAxis(axis, rank))
  const sizes = [...x.shape]
  return reshape(
    x,
    Array.from({ length: rank }, (_, axis) => (inserted.includes(axis) ? 1 : sizes.shift()!)),
  )
}

/** Dimension i of the result is dimension `perm[i]` of `x`. @see https://onnx.ai/onnx/operators/onnx__Transpose.html */
export function transpose(x: Value, perm: readonly number[]): Value {
  const shape = perm.map((axis) => x.shape[axis]!)
  return x.graph.add('Transpose', [x], { perm: { ints: perm } }, [{ dtype: x.dtype, shape }]).output()
}

/** Definitions of the operators that only move elements. */
export const reshapeOps: OpDefinition[] = [
  { type: 'Reshape', gradient: (node, [dy]) => [reshape(dy!, node.input(0).shape), undefined] },
  {
    type: 'Transpose',
    gradient: (node, [dy]) => {
      const perm = node.ints('perm')
      return [
        transpose(
          dy!,
          perm.map((_, axis) => perm.indexOf(axis)),
        ),
      ]
    },
  },
]
