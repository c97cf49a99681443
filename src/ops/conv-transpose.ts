import { GraphError } from '../core/errors.ts'
import type { Value } from '../graph/graph.ts'
import { emit, perDimension, spatialShape, sumPerChannel } from './conv-emit.ts'
import { extent, geometryAttributes, geometryOf, geometryOfNode, totalPads } from './conv-geometry.ts'
import { convGradWeight } from './conv-gradients.ts'
import type { ConvOptions } from './conv.ts'
import type { OpDefinition } from './registry.ts'

/** Options of {@link convTranspose}. */
export interface ConvTransposeOptions extends ConvOptions {
  /** Positions to add at the end of each dimension, fewer than the stride. Default: 0. */
  readonly outputPadding?: number | readonly number[] | undefined
}

/**
 * Transposed convolution of `x` `[N, C, …]` with `w` `[C, O / group, …kernel]` and an optional `bias` `[O]`.
 *
 * @throws {@link GraphError} if the channels don't fit, or `outputPadding` reaches the stride.
 * @see https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
 */
export function convTranspose(x: Value, w: Value, bias?: Value, options: ConvTransposeOptions = {}): Value {
  const group = options.group ?? 1
  const [channels, out, ...kernel] = w.fixedShape()
  if (x.rank !== w.rank || x.dim(1) !== channels || channels % group !== 0) {
    throw new GraphError(
      `convTranspose of ${x.toString()} with weights ${w.toString()} in ${group} group(s): expected weights [C, O / group, …kernel]`,
    )
  }
  const geometry = geometryOf(kernel, options, group)
  const added = perDimension('outputPadding', options.outputPadding, kernel.length, 0)
  if (added.some((size, axis) => size >= geometry.strides[axis]!)) {
    throw new GraphError(
      `outputPadding [${added.join(', ')}] must be smaller than strides [${geometry.strides.join(', ')}]`,
    )
  }
  const [spans, padded] = [extent(geometry), totalPads(geometry)]
  const sizes = spatialShape(x).map(
    (size, axis) => (size - 1) * geometry.strides[axis]! + spans[axis]! + added[axis]! - padded[axis]!,
  )
  const attributes = { ...geometryAttributes(geometry), output_padding: { ints: added } }
  return emit(
    'ConvTranspose',
    bias ? [x, w, bias] : [x, w],
    [x.shape[0]!, out! * group, ...sizes],
    attributes,
  )
}

/** Definitions of the transposed convolution: the gradients are those of the convolution that goes from `y` to `x`. */
export const convTransposeOps: OpDefinition[] = [
  {
    type: 'ConvTranspose',
    gradient: (node, [dy], needs) => {
      const [x, w, geometry] = [node.input(0), node.input(1), geometryOfNode(node)]
      return [
        needs[0] ? emit('Conv', [dy, w], x.shape, geometryAttributes(geometry)) : undefined,
        needs[1] ? convGradWeight(dy!, x, geometry, w) : undefined,
        needs[2] ? sumPerChannel(dy!) : undefined,
      ]
    },
  },
]
