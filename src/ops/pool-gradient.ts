import { Tensor } from '../core/tensor.ts'
import { Graph, type Node, type Value } from '../graph/graph.ts'
import { ints } from './constants.ts'
import { emit, product, reshapeBy } from './conv-emit.ts'
import { geometryOfNode } from './conv-geometry.ts'
import { maxPoolGradByComparison } from './pool-comparison.ts'
import type { LoweringTarget } from './registry.ts'

/** Gradient of MaxPool from `x`, `dy` and `y`. */
export function lowerMaxPoolGradient(node: Node, target: LoweringTarget): Value[] {
  const [x, dy, y] = [node.input(0), node.input(1), node.input(2)]
  if (target.device !== 'webgpu') return [byIndices(node, x, dy)]
  return [maxPoolGradByComparison(x, dy, y, geometryOfNode(node))]
}

/**
 * MaxPool's indices count through the whole of its input, and name the first of equal maxima. Image by image:
 * ScatterElements copies all indices into memory that it takes from the system and gives back at every run, which took
 * 26 ms for a batch of 4 in some processes, and takes 3.5 in all for single images.
 */
function byIndices(node: Node, x: Value, dy: Value): Value {
  const [batch, [shape, windows]] = [x.shape[0]!, [x, dy].map((value) => imageShape(value))]
  const [size, count] = [product(shape!), product(windows!)]
  const images = reshapeBy(x, [0, 1, ...shape!], [batch, 1, ...shape!])
  const shares = reshapeBy(dy, [0, count], [batch, count])
  const body = new Graph('body/')
  const image = body.input('body/x', x.dtype, [1, ...shape!])
  const types = [x.dtype, 'int64' as const].map((dtype) => ({ dtype, shape: [1, ...windows!] }))
  const indices = body.add('MaxPool', [image], node.attributes, types).output(1)
  const zero = { value: { tensor: Tensor.full([1], 0, x.dtype) } }
  const zeros = body.add('ConstantOfShape', [ints(body, [size])], zero, [{ dtype: x.dtype, shape: [size] }])
  const updates = body.input('body/dy', dy.dtype, [count])
  const inputs = [zeros.output(), reshapeBy(indices, [count], [count]), updates]
  const reduction = { axis: { int: 0 }, reduction: { string: 'add' } }
  body.output(emit('ScatterElements', inputs, [size], reduction))
  const attributes = { body: { graph: body }, num_scan_inputs: { int: 2 } }
  return reshapeBy(emit('Scan', [images, shares], [batch, size], attributes), [0, ...shape!], x.shape)
}

/** The sizes after the batch. */
const imageShape = (value: Value): number[] => value.shape.slice(1).map((_, axis) => value.dim(axis + 1))
