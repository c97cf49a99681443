import { GraphError } from '../core/errors.ts'
import { formatShape, sameShape } from '../core/shape.ts'
import type { Dim, Value } from '../graph/graph.ts'
import { axesOf, axisOf } from './axis.ts'
import { constantInts, ints } from './constants.ts'
import type { OpDefinition } from './registry.ts'

/**
 * The same elements under another shape. One size may be symbolic.
 *
 * @throws {@link GraphError} if two sizes are symbolic, or the shape is known to have another number of elements.
 * @see https://onnx.ai/onnx/operators/onnx__Reshape.html
 */
export function reshape(x: Value, shape: readonly Dim[]): Value {
  if (sameShape(x.shape, shape)) return x
  if (shape.filter((size) => typeof size === 'string').length > 1) {
    throw new GraphError(`reshape of ${x.toString()} to ${formatShape(shape)}: only one size may be symbolic`)
  }
  checkCount(x, shape)
  const target = ints(
    x.graph,
    shape.map((size) => (typeof size === 'number' ? size : -1)),
  )
  return x.graph.add('Reshape', [x, target], {}, [{ dtype: x.dtype, shape }]).output()
}

/** Where both shapes have the same symbolic sizes, the others must multiply to the same. */
function checkCount(x: Value, shape: readonly Dim[]): void {
  const [before, after] = [x.shape, shape].map((sizes) => ({
    symbols: sizes.filter((size) => typeof size === 'string').sort(),
    count: sizes.reduce<number>((product, size) => (typeof size === 'number' ? product * size : product), 1),
  }))
  if (!sameShape(before!.symbols, after!.symbols) || before!.count === after!.count) return
  throw new GraphError(
    `reshape of ${x.toString()} to ${formatShape(shape)}: ${before!.count} elements can't become ${after!.count}` +
      (after!.symbols.length > 0 ? ` for each ${after!.symbols.join(', ')}` : ''),
  )
}

/** Joins the dimensions from `startDim` on into one. @see https://pytorch.org/docs/stable/generated/torch.flatten.html */
export function flatten(x: Value, startDim = 1): Value {
  const axis = axisOf('flatten', x, startDim)
  const joined = x.shape.slice(axis).reduce<number>((product, _, index) => product * x.dim(axis + index), 1)
  return reshape(x, [...x.shape.slice(0, axis), joined])
}

/**
 * Drops the dimensions `axes`.
 *
 * @throws {@link GraphError} if one has another size than 1.
 * @see https://onnx.ai/onnx/operators/onnx__Squeeze.html
 */
export function squeeze(x: Value, axes: readonly number[]): Value {
  const dropped = axesOf('squeeze', x, axes)
  const wrong = dropped.find((axis) => x.shape[axis] !== 1)
  if (wrong !== undefined)
    throw new GraphError(`squeeze of ${x.toString()}: axis ${wrong} has another size than 1`)
  // Without axes, ONNX drops all that it can.
  if (dropped.length === 0) return x
  const shape = x.shape.filter((_, axis) => !dropped.includes(axis))
  return x.graph.add('Squeeze', [x, ints(x.graph, dropped)], {}, [{ dtype: x.dtype, shape }]).output()
}

/**
 * Inserts dimensions of size 1 at `axes` of the result.
 *
 * @see https://onnx.ai/onnx/operators/onnx__Unsqueeze.html
 */
export function unsqueeze(x: Value, axes: readonly number[]): Value {
  const rank = x.rank + axes.length
  const inserted = axesOf('unsqueeze', x, axes, rank)
  if (inserted.length === 0) return x
  const sizes = [...x.shape]
  const shape = Array.from({ length: rank }, (_, axis) => (inserted.includes(axis) ? 1 : sizes.shift()!))
  return x.graph.add('Unsqueeze', [x, ints(x.graph, inserted)], {}, [{ dtype: x.dtype, shape }]).output()
}

/**
 * Dimension i of the result is dimension `perm[i]` of `x`.
 *
 * @throws {@link GraphError} if `perm` doesn't name each axis once.
 * @see https://onnx.ai/onnx/operators/onnx__Transpose.html
 */
export function transpose(x: Value, perm: readonly number[]): Value {
  if (perm.length !== x.rank || x.shape.some((_, axis) => !perm.includes(axis))) {
    throw new GraphError(
      `transpose of ${x.toString()} by [${perm.join(', ')}]: name each axis from 0 to ${x.rank - 1} once`,
    )
  }
  const shape = perm.map((axis) => x.shape[axis]!)
  return x.graph.add('Transpose', [x], { perm: { ints: perm } }, [{ dtype: x.dtype, shape }]).output()
}

const unitAxes = (x: Value): number[] => x.shape.flatMap((size, axis) => (size === 1 ? [axis] : []))

/** Definitions of the operators that only give the elements another shape or order. */
export const reshapeOps: OpDefinition[] = [
  { type: 'Reshape', gradient: (node, [dy]) => [reshape(dy!, node.input(0).shape), undefined] },
  // Without axes, Squeeze drops all sizes of 1: those that the output lacks.
  {
    type: 'Squeeze',
    gradient: (node, [dy]) => [
      unsqueeze(dy!, node.inputs[1] ? constantInts(node, 1) : unitAxes(node.input(0))),
    ],
  },
  { type: 'Unsqueeze', gradient: (node, [dy]) => [squeeze(dy!, constantInts(node, 1)), undefined] },
  {
    type: 'Transpose',
    gradient: (node, [dy]) => {
      // Without perm, ONNX reverses the axes.
      const perm = node.ints('perm', dy!.shape.map((_, axis) => axis).reverse())
      return [
        transpose(
          dy!,
          perm.map((_, axis) => perm.indexOf(axis)),
        ),
      ]
    },
  },
]
