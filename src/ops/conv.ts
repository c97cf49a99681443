import { GraphError } from '../core/errors.ts'
import type { Value } from '../graph/graph.ts'
import { emit, spatialShape, sumPerChannel } from './conv-emit.ts'
import {
  geometryAttributes,
  geometryOf,
  geometryOfNode,
  windowsOf,
  type WindowOptions,
} from './conv-geometry.ts'
import { convGradInput, convGradWeight } from './conv-gradients.ts'
import type { OpDefinition } from './registry.ts'

/** Options of {@link conv}. */
export interface ConvOptions extends WindowOptions {
  /** Channels are split into so many groups that don't see each other. Default: 1. */
  readonly group?: number | undefined
}

/**
 * Convolution of `x` `[N, C, …]` with `w` `[O, C / group, …kernel]` and an optional `bias` `[O]`.
 *
 * @throws {@link GraphError} if the channels don't fit or no window does.
 * @see https://onnx.ai/onnx/operators/onnx__Conv.html
 */
export function conv(x: Value, w: Value, bias?: Value, options: ConvOptions = {}): Value {
  const group = options.group ?? 1
  const [out, channels, ...kernel] = w.fixedShape()
  if (x.rank !== w.rank || x.dim(1) !== channels! * group || out! % group !== 0) {
    throw new GraphError(
      `conv of ${x.toString()} with weights ${w.toString()} in ${group} group(s): expected weights [O, C / group, …kernel], O a multiple of the groups`,
    )
  }
  const geometry = geometryOf(kernel, options, group)
  const shape = [x.shape[0]!, out!, ...windowsOf(geometry, spatialShape(x), x)]
  return emit('Conv', bias ? [x, w, bias] : [x, w], shape, geometryAttributes(geometry))
}

/** Definitions of the convolution. */
export const convOps: OpDefinition[] = [
  {
    type: 'Conv',
    gradient: (node, [dy], needs) => {
      const geometry = geometryOfNode(node)
      return [
        needs[0] ? convGradInput(dy!, node.input(1), geometry, node.input(0)) : undefined,
        needs[1] ? convGradWeight(node.input(0), dy!, geometry, node.input(1)) : undefined,
        needs[2] ? sumPerChannel(dy!) : undefined,
      ]
    },
  },
]
