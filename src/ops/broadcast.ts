import { sameShape } from '../core/shape.ts'
import type { Dim, Value } from '../graph/graph.ts'
import { ints } from './constants.ts'
import { reduceSum } from './reduce.ts'
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

/** Repeats `x` to the sizes of `reference` (which it must broadcast to). @see https://onnx.ai/onnx/operators/onnx__Expand.html */
export function expandAs(x: Value, reference: Value): Value {
  if (sameShape(x.shape, reference.shape)) return x
  const fixed = reference.shape.every((size) => typeof size === 'number')
  const target = fixed
    ? ints(x.graph, reference.fixedShape())
    : x.graph.add('Shape', [reference], {}, [{ dtype: 'int64', shape: [reference.rank] }]).output()
  return x.graph.add('Expand', [x, target], {}, [{ dtype: x.dtype, shape: reference.shape }]).output()
}
