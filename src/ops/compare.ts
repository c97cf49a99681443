import type { DType } from '../core/dtype.ts'
import { GraphError } from '../core/errors.ts'
import { broadcastShapes } from '../core/shape.ts'
import { dataTypeOf } from '../graph/data-type.ts'
import type { Value } from '../graph/graph.ts'
import { sumTo } from './broadcast.ts'
import { operands, type Operand } from './elementwise.ts'
import type { OpDefinition } from './registry.ts'

function compare(opType: string, a: Operand, b: Operand): Value {
  const [left, right] = operands(opType, a, b)
  const shape = broadcastShapes(left.shape, right.shape)
  return left.graph.add(opType, [left, right], {}, [{ dtype: 'bool', shape }]).output()
}

/** a = b, as bool. @see https://onnx.ai/onnx/operators/onnx__Equal.html */
export const equal = (a: Operand, b: Operand): Value => compare('Equal', a, b)
/** a > b, as bool. */
export const greater = (a: Operand, b: Operand): Value => compare('Greater', a, b)
/** a < b, as bool. */
export const less = (a: Operand, b: Operand): Value => compare('Less', a, b)
/** a ≥ b, as bool. */
export const greaterOrEqual = (a: Operand, b: Operand): Value => compare('GreaterOrEqual', a, b)
/** Whether both bools hold. */
export const and = (a: Value, b: Value): Value => compare('And', a, b)

/**
 * Elements of `a` where `condition` holds, else of `b`.
 *
 * @throws {@link GraphError} if the condition is no bool, or `a` and `b` have different dtypes.
 * @see https://onnx.ai/onnx/operators/onnx__Where.html
 */
export function where(condition: Value, a: Operand, b: Operand): Value {
  if (condition.dtype !== 'bool') {
    throw new GraphError(
      `where got ${condition.toString()} as its condition: give it a bool, from a comparison`,
    )
  }
  const [left, right] = operands('where', a, b)
  const shape = broadcastShapes(condition.shape, broadcastShapes(left.shape, right.shape))
  return left.graph.add('Where', [condition, left, right], {}, [{ dtype: left.dtype, shape }]).output()
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
      return [
        undefined,
        needs[1] ? sumTo(where(condition, dy!, 0), a.shape) : undefined,
        needs[2] ? sumTo(where(condition, 0, dy!), b.shape) : undefined,
      ]
    },
  },
]
