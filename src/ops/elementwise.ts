import { GraphError } from '../core/errors.ts'
import { broadcastShapes } from '../core/shape.ts'
import type { Value } from '../graph/graph.ts'
import { sumTo } from './broadcast.ts'
import { like } from './constants.ts'
import type { OpDefinition } from './registry.ts'

/** A number is taken as a constant of the other operand's dtype. */
export type Operand = Value | number

/**
 * Both operands as values.
 *
 * @throws {@link GraphError} if both are numbers, or their dtypes differ.
 */
export function operands(opType: string, a: Operand, b: Operand): [Value, Value] {
  const reference = typeof a === 'number' ? b : a
  if (typeof reference === 'number') throw new GraphError(`${opType} needs a value besides numbers`)
  const left = typeof a === 'number' ? like(reference, a) : a
  const right = typeof b === 'number' ? like(reference, b) : b
  if (left.dtype === right.dtype) return [left, right]
  throw new GraphError(
    `${opType} of ${left.toString()} and ${right.toString()}: their types differ; cast one of them`,
  )
}

/** One node of two {@link operands} with broadcasting; `opType`'s output has their dtype. */
export function binary(opType: string, a: Operand, b: Operand): Value {
  const [left, right] = operands(opType, a, b)
  const shape = broadcastShapes(left.shape, right.shape)
  return left.graph.add(opType, [left, right], {}, [{ dtype: left.dtype, shape }]).output()
}

/** a + b with broadcasting. @see https://onnx.ai/onnx/operators/onnx__Add.html */
export const add = (a: Operand, b: Operand): Value => binary('Add', a, b)
/** a − b with broadcasting. */
export const sub = (a: Operand, b: Operand): Value => binary('Sub', a, b)
/** a · b with broadcasting. */
export const mul = (a: Operand, b: Operand): Value => binary('Mul', a, b)
/** a / b with broadcasting. */
export const div = (a: Operand, b: Operand): Value => binary('Div', a, b)

/** −x. */
export function neg(x: Value): Value {
  return x.graph.add('Neg', [x], {}, [x]).output()
}

/** Definitions of the arithmetic operators. */
export const elementwiseOps: OpDefinition[] = [
  {
    type: 'Add',
    gradient: (node, [dy]) => [sumTo(dy!, node.input(0).shape), sumTo(dy!, node.input(1).shape)],
  },
  {
    type: 'Sub',
    gradient: (node, [dy], needs) => [
      needs[0] ? sumTo(dy!, node.input(0).shape) : undefined,
      needs[1] ? neg(sumTo(dy!, node.input(1).shape)) : undefined,
    ],
  },
  {
    type: 'Mul',
    gradient: (node, [dy], needs) => [
      needs[0] ? sumTo(mul(dy!, node.input(1)), node.input(0).shape) : undefined,
      needs[1] ? sumTo(mul(dy!, node.input(0)), node.input(1).shape) : undefined,
    ],
  },
  {
    type: 'Div',
    gradient: (node, [dy], needs) => {
      const quotient = div(dy!, node.input(1))
      return [
        needs[0] ? sumTo(quotient, node.input(0).shape) : undefined,
        needs[1] ? neg(sumTo(mul(quotient, node.output()), node.input(1).shape)) : undefined,
      ]
    },
  },
  { type: 'Neg', gradient: (_, [dy]) => [neg(dy!)] },
]
