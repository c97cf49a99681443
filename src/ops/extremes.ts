import { ArgumentError, GraphError } from '../core/errors.ts'
import type { Node, Value } from '../graph/graph.ts'
import { sumTo } from './broadcast.ts'
import { equal, greater, less, where } from './compare.ts'
import { like } from './constants.ts'
import { binary, mul, type Operand } from './elementwise.ts'
import type { OpDefinition } from './registry.ts'

/** The larger and the smaller of two values, and bounds: gradients at ties are PyTorch's. */

/** The larger of `a` and `b`, with broadcasting; equal ones share the gradient evenly. @see https://onnx.ai/onnx/operators/onnx__Max.html */
export const maximum = (a: Operand, b: Operand): Value => binary('Max', a, b)
/** The smaller of `a` and `b`; as {@link maximum}. @see https://onnx.ai/onnx/operators/onnx__Min.html */
export const minimum = (a: Operand, b: Operand): Value => binary('Min', a, b)

/** Bounds of {@link clip}. */
export interface ClipOptions {
  /** Default: none. */
  readonly min?: number | undefined
  /** Default: none. */
  readonly max?: number | undefined
}

/**
 * `x` with values below `min` and above `max` replaced by those. The gradient passes at the bounds themselves, as
 * torch.clamp's does.
 *
 * @throws {@link ArgumentError} if both bounds are left out, or `min` is not ≤ `max`.
 * @see https://onnx.ai/onnx/operators/onnx__Clip.html
 */
export function clip(x: Value, { min, max }: ClipOptions): Value {
  if (min === undefined && max === undefined) throw new ArgumentError('clip needs min, max or both')
  if (!((min ?? -Infinity) <= (max ?? Infinity))) {
    throw new ArgumentError(`clip got min ${min} and max ${max}: expected numbers with min ≤ max`)
  }
  const bounds = [min, max].map((bound) => (bound === undefined ? undefined : like(x, bound)))
  return x.graph.add('Clip', [x, ...bounds], {}, [x]).output()
}

/** The input that `lost` finds to be behind gets nothing; equal ones get half each. */
function shared(node: Node, dy: Value, needs: readonly boolean[], lost: typeof less): (Value | undefined)[] {
  if (node.inputs.length !== 2) {
    throw new GraphError(`${node.toString()}: gradients need two inputs; nest several of them`)
  }
  const [a, b] = [node.input(0), node.input(1)]
  const won = where(equal(a, b), mul(dy, 0.5), dy)
  const share = (own: Value, other: Value): Value =>
    sumTo(where(lost(own, other), like(dy, 0), won), own.shape)
  return [needs[0] ? share(a, b) : undefined, needs[1] ? share(b, a) : undefined]
}

/** Definitions of those. */
export const extremeOps: OpDefinition[] = [
  { type: 'Max', gradient: (node, [dy], needs) => shared(node, dy!, needs, less) },
  { type: 'Min', gradient: (node, [dy], needs) => shared(node, dy!, needs, greater) },
  {
    // What is within the bounds, them included, is what clipping left as it was: one comparison.
    type: 'Clip',
    gradient: (node, [dy]) => [where(equal(node.output(), node.input(0)), dy!, like(dy!, 0))],
  },
]
