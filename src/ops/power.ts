import { sameShape } from '../core/shape.ts'
import type { Node, Value } from '../graph/graph.ts'
import { log } from './activations.ts'
import { expandAs, sumTo } from './broadcast.ts'
import { and, equal, greaterOrEqual, where } from './compare.ts'
import { like } from './constants.ts'
import { add, binary, mul, sub, type Operand } from './elementwise.ts'
import type { OpDefinition } from './registry.ts'

/**
 * base^exponent with broadcasting. As in PyTorch, an exponent of 0 gives the base no gradient, and a base of 0 gives an
 * exponent ≥ 0 none.
 *
 * @throws {@link GraphError} if both are numbers.
 * @see https://onnx.ai/onnx/operators/onnx__Pow.html
 */
export const pow = (base: Operand, exponent: Operand): Value => binary('Pow', base, exponent)

/** dy · e · x^(e − 1). */
function ofBase(dy: Value, x: Value, exponent: Value): Value {
  const only = exponent.constant?.size === 1 ? Number(exponent.constant.data[0]) : undefined
  const lowered = only === 2 ? x : pow(x, only === undefined ? sub(exponent, 1) : only - 1)
  const gradient = mul(dy, mul(exponent, lowered))
  if (only !== undefined && only !== 0) return gradient
  // 0 · 0^−1 would be NaN.
  return where(equal(exponent, like(exponent, 0)), like(dy, 0), gradient)
}

/** dy · y · ln x. */
function ofExponent(dy: Value, node: Node): Value {
  const [x, exponent] = [node.input(0), node.input(1)]
  const zero = like(dy, 0)
  const vanishes = and(equal(x, zero), greaterOrEqual(exponent, zero))
  return mul(dy, where(vanishes, zero, mul(node.output(), log(x))))
}

/** WebGPU has it for equal shapes and for a single exponent only. */
function isBroadcast(node: Node): boolean {
  const [base, exponent] = [node.input(0), node.input(1)]
  return !sameShape(base.shape, exponent.shape) && exponent.constant?.size !== 1
}

function stretched(node: Node): Value[] {
  const [base, exponent] = [node.input(0), node.input(1)]
  // It has the shape of both together, which may be known only when the graph runs.
  const together = add(base, exponent)
  return [binary('Pow', expandAs(base, together), expandAs(exponent, together))]
}

/** Definition of the power. */
export const powerOps: OpDefinition[] = [
  {
    type: 'Pow',
    lowerOn: ['webgpu'],
    lowerWhen: isBroadcast,
    lower: stretched,
    gradient: (node, [dy], needs) => {
      const [x, exponent] = [node.input(0), node.input(1)]
      return [
        needs[0] ? sumTo(ofBase(dy!, x, exponent), x.shape) : undefined,
        needs[1] ? sumTo(ofExponent(dy!, node), exponent.shape) : undefined,
      ]
    },
  },
]
