import { GraphError } from '../core/errors.ts'
import { formatShape, sameShape } from '../core/shape.ts'
import type { Dim, Value } from '../graph/graph.ts'
import { ints } from './constants.ts'
import { reduceSum } from './reduce.ts'
import type { OpDefinition } from './registry.ts'
import { reshape } from './reshape.ts'

/** Sums a gradient over the dimensions that broadcasting added or stretched: the gradient of broadcasting to `y`'s shape. */
export function sumTo(y: Value, shape: readonly Dim[]): Value {
  if (sameShape(y.shape, shape)) return y
  const added = y.rank - shape.length
  const axes = y.shape.flatMap((size, axis) =>
    axis < added || (shape[axis - added] === 1 && size !== 1) ? [axis] : [],
  )
  const summed = axes.length === 0 ? y : reduceSum(y, axes, { keepDims: true })
  return added === 0 ? summed : reshape(summed, shape)
}

/**
 * Repeats `x` to the sizes of `reference`, which it must broadcast to.
 *
 * @throws {@link GraphError} if it doesn't.
 * @see https://onnx.ai/onnx/operators/onnx__Expand.html
 */
export function expandAs(x: Value, reference: Value): Value {
  if (sameShape(x.shape, reference.shape)) return x
  checkExpand(x, reference.shape)
  const target = expandTarget(x, reference.shape)
  return expandTo(x, reference.shape, target ? ints(x.graph, target) : shapeOf(reference))
}

/**
 * Repeats `x` to `shape`, which it must broadcast to.
 *
 * @throws {@link GraphError} if it doesn't, or if a size of 1 would be repeated to a symbolic one: use `expandAs`.
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.expand.html
 */
export function expand(x: Value, shape: readonly Dim[]): Value {
  if (sameShape(x.shape, shape)) return x
  checkExpand(x, shape)
  const target = expandTarget(x, shape)
  if (target) return expandTo(x, shape, ints(x.graph, target))
  throw new GraphError(
    `expand of ${x.toString()} to ${formatShape(shape)}: a symbolic size has to be one of ${x.name} already; ` +
      'expandAs takes it from another value',
  )
}

function expandTo(x: Value, shape: readonly Dim[], target: Value): Value {
  return x.graph.add('Expand', [x, target], {}, [{ dtype: x.dtype, shape }]).output()
}

function shapeOf(x: Value): Value {
  return x.graph.add('Shape', [x], {}, [{ dtype: 'int64', shape: [x.rank] }]).output()
}

function checkExpand(x: Value, shape: readonly Dim[]): void {
  const added = shape.length - x.rank
  if (added >= 0 && x.shape.every((size, axis) => size === 1 || size === shape[axis + added])) return
  throw new GraphError(
    `expand of ${x.toString()} to ${formatShape(shape)}: each of its sizes, from the last on, must be 1 or the new one`,
  )
}

/** ONNX's target, where a symbolic size is that of `x` already: a 1 leaves it. `undefined` where one is not. */
function expandTarget(x: Value, shape: readonly Dim[]): number[] | undefined {
  const added = shape.length - x.rank
  const sizes = shape.map((size, axis) =>
    typeof size === 'string' && size === x.shape[axis - added] ? 1 : size,
  )
  return sizes.every((size) => typeof size === 'number') ? sizes : undefined
}

/** Definition of the repetition. */
export const broadcastOps: OpDefinition[] = [
  { type: 'Expand', gradient: (node, [dy]) => [sumTo(dy!, node.input(0).shape), undefined] },
]
