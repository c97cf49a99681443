import { GraphError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import type { Dim, Node, Value } from '../graph/graph.ts'
import { sumTo } from './broadcast.ts'
import { ints } from './constants.ts'
import { emit } from './conv-emit.ts'
import type { OpDefinition } from './registry.ts'

/**
 * Layer normalisation over the last dimensions of `x`, those that `scale` (and `bias`) have.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
 */
export function layerNorm(
  x: Value,
  scale: Value,
  bias?: Value,
  options: { readonly eps?: number | undefined } = {},
): Value {
  const axis = x.rank - scale.rank
  if (axis < 0 || scale.shape.some((size, index) => size !== x.shape[axis + index])) {
    throw new GraphError(
      `layerNorm of ${x.toString()} got ${scale.toString()}: expected the sizes of the last dimensions`,
    )
  }
  const attributes = { axis: { int: axis }, epsilon: { float: options.eps ?? 1e-5 } }
  return emit('LayerNormalization', bias ? [x, scale, bias] : [x, scale], x.shape, attributes)
}

/** With g = dy · γ and means over the normalised dimensions: dx = s · (g − mean(g) − x̂ · mean(g · x̂)). */
function gradient(
  node: Node,
  [dy]: readonly (Value | undefined)[],
  needs: readonly boolean[],
): (Value | undefined)[] {
  const [x, scale, axis] = [node.input(0), node.input(1), node.int('axis', -1)]
  const ones = x.graph.constant(Tensor.full(scale.fixedShape(), 1, x.dtype))
  const statistics: Dim[] = x.shape.map((size, index) => (index < axis ? size : 1))
  const types = [x, { dtype: x.dtype, shape: statistics }, { dtype: x.dtype, shape: statistics }]
  const again = x.graph.add('LayerNormalization', [x, ones], node.attributes, types)
  const normalized = again.output(0)
  const product = (a: Value, b: Value): Value => emit('Mul', [a, b], x.shape)
  return [
    needs[0] ? inputGradient(product(dy!, scale), normalized, again.output(2), axis) : undefined,
    needs[1] ? sumTo(product(dy!, normalized), scale.shape) : undefined,
    needs[2] ? sumTo(dy!, scale.shape) : undefined,
  ]
}

function inputGradient(g: Value, normalized: Value, inverse: Value, axis: number): Value {
  const axes = g.shape.flatMap((_, index) => (index < axis ? [] : [index]))
  const mean = (x: Value): Value =>
    emit('ReduceMean', [x, ints(x.graph, axes)], inverse.shape, { keepdims: { int: 1 } })
  const along = emit('Mul', [normalized, mean(emit('Mul', [g, normalized], g.shape))], g.shape)
  const rest = emit('Sub', [emit('Sub', [g, mean(g)], g.shape), along], g.shape)
  return emit('Mul', [rest, inverse], g.shape)
}

/** Definitions of layer normalisation. */
export const layerNormOps: OpDefinition[] = [{ type: 'LayerNormalization', gradient }]
