import type { DType } from '../core/dtype.ts'
import { broadcastShapes } from '../core/shape.ts'
import { dataTypeOf } from '../graph/serialize.ts'
import type { Value } from '../graph/graph.ts'
import { sumTo } from './broadcast.ts'
import { like } from './constants.ts'
import type { OpDefinition } from './registry.ts'

function compare(opType: string, a: Value, b: Value): Value {
  return a.graph
    .add(opType, [a, b], {}, [{ dtype: 'bool', shape: broadcastShapes(a.shape, b.shape) }])
    .output()
}

/** a = b, as bool. @see https://onnx.ai/onnx/operators/onnx__Equal.html */
export const equal = (a: Value, b: Value): Value => compare('Equal', a, b)
/** a > b, as bool. */
export const greater = (a: Value, b: Value): Value => compare('Greater', a, b)
/** a < b, as bool. */
export const less = (a: Value, b: Value): Value => compare('Less', a, b)
/** a ≥ b, as bool. */
export const greaterOrEqual = (a: Value, b: Value): Value => compare('GreaterOrEqual', a, b)
/** Whether both bools hold. */
export const and = (a: Value, b: Value): Value => compare('And', a, b)

/** Elements of `a` where `condition` (bool) holds, else of `b`. @see https://onnx.ai/onnx/operators/onnx__Where.html */
export function where(condition: Value, a: Value, b: Value): Value {
  const shape = broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape))
  return a.graph.add('Where', [condition, a, b], {}, [{ dtype: a.dtype, shape }]).output()
}

/** Converts to another element type. @see https://onnx.ai/onnx/operators/onnx__Cast.html */
export function cast(x: Value, dtype: DType): Value {
  if (x.dtype === dtype) return x
  return x.graph.add('Cast', [x], { to: { int: dataTypeOf(dtype) } }, [{ dtype, shape: x.shape }]).output()
}

/** Definitions of those with a gradient. */
export const compareOps: OpDefinition[] = [
  { type: 'Cast', gradient: (node, [dy]) => [cast(dy!, node.input(0).dtype)] },
  {
    type: 'Where',
    gradient: (node, [dy], needs) => {
      const [condition, a, b] = [node.input(0), node.input(1), node.input(2)]
      const zero = like(dy!, 0)
      return [
        undefined,
        needs[1] ? sumTo(where(condition, dy!, zero), a.shape) : undefined,
        needs[2] ? sumTo(where(condition, zero, dy!), b.shape) : undefined,
      ]
    },
  },
]
