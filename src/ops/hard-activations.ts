import type { Node, Value } from '../graph/graph.ts'
import { greater, less, where } from './compare.ts'
import { like } from './constants.ts'
import { add, mul } from './elementwise.ts'
import type { OpDefinition } from './registry.ts'

/** The piecewise approximations of sigmoid and swish, as MobileNetV3 has them. */

/**
 * max(0, min(1, x / 6 + 1 / 2)). No gradient at and beyond ±3.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html
 */
export function hardSigmoid(x: Value): Value {
  const attributes = { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }
  return x.graph.add('HardSigmoid', [x], attributes, [x]).output()
}

/**
 * x · {@link hardSigmoid}(x). At ±3 the derivative is that of the curve between, as PyTorch's: −0.5 and 1.5.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Hardswish.html
 */
export const hardSwish = (x: Value): Value => x.graph.add('HardSwish', [x], {}, [x]).output()

/** α · dy strictly between the bends, which an output of exactly 0 or 1 would not tell from points close by. */
function hardSigmoidGradient(node: Node, dy: Value): Value {
  const [x, alpha, beta] = [node.input(0), node.float('alpha', 0.2), node.float('beta', 0.5)]
  const [low, high, zero] = [like(x, -beta / alpha), like(x, (1 - beta) / alpha), like(dy, 0)]
  return where(greater(x, low), where(less(x, high), mul(dy, alpha), zero), zero)
}

function hardSwishGradient(node: Node, dy: Value): Value {
  const x = node.input(0)
  const between = mul(dy, add(mul(x, 1 / 3), 0.5))
  return where(less(x, like(x, -3)), like(dy, 0), where(greater(x, like(x, 3)), dy, between))
}

/** Definitions of those. */
export const hardActivationOps: OpDefinition[] = [
  { type: 'HardSigmoid', gradient: (node, [dy]) => [hardSigmoidGradient(node, dy!)] },
  { type: 'HardSwish', gradient: (node, [dy]) => [hardSwishGradient(node, dy!)] },
]
