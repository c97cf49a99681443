import { GraphError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import type { Attributes, Node, Value } from '../graph/graph.ts'
import { meanOfPositions } from './channel-sums.ts'
import { emit, product, reshapeBy, spatialShape } from './conv-emit.ts'
import {
  extent,
  geometryAttributes,
  geometryOf,
  geometryOfNode,
  outputPadding,
  totalPads,
  windowsOf,
  type Geometry,
  type WindowOptions,
} from './conv-geometry.ts'
import { maxPoolByAxis } from './pool-by-axis.ts'
import { lowerMaxPoolGradient } from './pool-gradient.ts'
import type { OpDefinition } from './registry.ts'

/** Options of {@link maxPool}. */
export interface MaxPoolOptions extends WindowOptions {
  /** Whether a last window that reaches beyond the padding counts. Default: false. */
  readonly ceilMode?: boolean | undefined
}

/** Options of {@link averagePool}. */
export interface AveragePoolOptions extends WindowOptions {
  /** Whether the mean is over padding zeros too. Default: true, as in PyTorch. */
  readonly countIncludePad?: boolean | undefined
}

/**
 * Largest value of each window of `kernel` (one size, or one a dimension). Strides default to the kernel. Of equal
 * maxima the first in row-major order gets the gradient, as in PyTorch.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
 */
export function maxPool(x: Value, kernel: number | readonly number[], options: MaxPoolOptions = {}): Value {
  const geometry = poolGeometry(x, kernel, options)
  const windows = options.ceilMode ? ceilWindows(geometry, x) : windowsOf(geometry, spatialShape(x), x)
  const attributes = { ...poolAttributes(geometry), ceil_mode: { int: options.ceilMode ? 1 : 0 } }
  return emit('MaxPool', [x], [x.shape[0]!, x.shape[1]!, ...windows], attributes)
}

/** Mean of each window of `kernel`; as {@link maxPool}. @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html */
export function averagePool(
  x: Value,
  kernel: number | readonly number[],
  options: AveragePoolOptions = {},
): Value {
  const geometry = poolGeometry(x, kernel, options)
  if (geometry.dilations.some((dilation) => dilation !== 1))
    throw new GraphError('averagePool has no dilation; leave it out')
  const attributes = without(poolAttributes(geometry), 'dilations')
  const include = { count_include_pad: { int: (options.countIncludePad ?? true) ? 1 : 0 } }
  return emit('AveragePool', [x], [x.shape[0]!, x.shape[1]!, ...windowsOf(geometry, spatialShape(x), x)], {
    ...attributes,
    ...include,
  })
}

/** Mean over all positions: `[N, C, …]` → `[N, C, 1, …]`. @see https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html */
export function globalAveragePool(x: Value): Value {
  return emit('GlobalAveragePool', [x], [x.shape[0]!, x.shape[1]!, ...spatialShape(x).map(() => 1)])
}

function poolGeometry(x: Value, kernel: number | readonly number[], options: WindowOptions): Geometry {
  const sizes = typeof kernel === 'number' ? spatialShape(x).map(() => kernel) : kernel
  if (sizes.length !== x.rank - 2)
    throw new GraphError(`a pool of ${x.toString()} needs ${x.rank - 2} kernel sizes, not ${sizes.length}`)
  return geometryOf(sizes, options, 1, sizes)
}

function poolAttributes(geometry: Geometry): Attributes {
  return without(geometryAttributes(geometry), 'group')
}

function without(attributes: Attributes, name: string): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => key !== name))
}

/** The last window must begin in the input or the padding before it. */
function ceilWindows(geometry: Geometry, x: Value): number[] {
  const [spans, padded] = [extent(geometry), totalPads(geometry)]
  return spatialShape(x).map((size, axis) => {
    const stride = geometry.strides[axis]!
    const count = Math.ceil((size + padded[axis]! - spans[axis]!) / stride) + 1
    return (count - 1) * stride >= size + geometry.pads[axis]! ? count - 1 : count
  })
}

/** Each position gets dy / count of every window that it is in: a depthwise transposed convolution with ones. */
function averageGradient(node: Node, [dy]: readonly (Value | undefined)[]): Value[] {
  const [x, plain] = [node.input(0), geometryOfNode(node)]
  const [channels, taps] = [x.dim(1), product(plain.kernel)]
  const geometry = { ...plain, dilations: plain.kernel.map(() => 1), group: channels }
  const include = node.int('count_include_pad', 0) === 1
  const weights = x.graph.constant(
    Tensor.full([channels, 1, ...plain.kernel], include ? 1 / taps : 1, x.dtype),
  )
  const shares = include ? dy! : emit('Mul', [dy, inverseCounts(geometry, x, spatialShape(dy!))], dy!.shape)
  const added = outputPadding(geometry, spatialShape(x), spatialShape(dy!))
  return [
    emit('ConvTranspose', [shares, weights], x.shape, {
      ...geometryAttributes(geometry),
      output_padding: { ints: added },
    }),
  ]
}

/** 1 / (positions of the input in each window), as a constant `[1, 1, …windows]`. */
function inverseCounts(geometry: Geometry, x: Value, windows: readonly number[]): Value {
  const inside = spatialShape(x).map((size, axis) =>
    Array.from({ length: windows[axis]! }, (_, index) => {
      const start = index * geometry.strides[axis]! - geometry.pads[axis]!
      return Math.min(start + geometry.kernel[axis]!, size) - Math.max(start, 0)
    }),
  )
  const counts = inside.reduce<number[]>(
    (outer, sizes) => outer.flatMap((count) => sizes.map((size) => count * size)),
    [1],
  )
  return x.graph.constant(
    new Tensor(
      'float32',
      Float32Array.from(counts, (count) => 1 / count),
      [1, 1, ...windows],
    ),
  )
}

function globalGradient(node: Node, [dy]: readonly (Value | undefined)[]): Value[] {
  const x = node.input(0)
  const share = x.graph.constant(
    Tensor.full([1, 1, ...spatialShape(x)], 1 / product(spatialShape(x)), x.dtype),
  )
  return [emit('Mul', [dy, share], x.shape)]
}

/** Definitions of the pools. */
export const poolOps: OpDefinition[] = [
  {
    type: 'MaxPool',
    gradient: (node, [dy]) => [
      emit(
        'onnx-finetune.MaxPoolGrad',
        [node.input(0), dy, node.output()],
        node.input(0).shape,
        node.attributes,
      ),
    ],
    lowerOn: ['webgpu'],
    lower: (node) => [maxPoolByAxis(node.input(0), geometryOfNode(node), spatialShape(node.output()))],
  },
  { type: 'onnx-finetune.MaxPoolGrad', lower: lowerMaxPoolGradient },
  { type: 'AveragePool', gradient: averageGradient },
  {
    type: 'GlobalAveragePool',
    gradient: globalGradient,
    lowerOn: ['webgpu'],
    lower: (node) => {
      const target = [
        0,
        0,
        ...node
          .output()
          .shape.slice(2)
          .map(() => 1),
      ]
      return [reshapeBy(meanOfPositions(node.input(0)), target, node.output().shape)]
    },
  },
]
