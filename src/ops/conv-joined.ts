import { Tensor } from '../core/tensor.ts'
import type { Dim, Value } from '../graph/graph.ts'
import { emit, product, reshapeBy, spatialShape } from './conv-emit.ts'
import { geometryAttributes, type Geometry } from './conv-geometry.ts'
import { transpose } from './reshape.ts'

/** Matrices over all samples and positions of a batch, `[rows, N · L]`: one product of them does the work of N. */

/**
 * im2col of all samples at once: `x` `[N, C, …]` → `[C · taps, N · windows]`, as a product over the whole batch wants it.
 * The samples are the depth of a convolution with one dimension more, in which the channels are the batch, so that
 * nothing large is transposed. For one or two spatial dimensions.
 */
export function joinedColumns(
  x: Value,
  { kernel, strides, pads, dilations }: Geometry,
  windows: readonly number[],
  order: 'forward' | 'mirrored' = 'forward',
): Value {
  const [channels, taps, sizes] = [x.dim(1), product(kernel), spatialShape(x)]
  const filters = new Float32Array(taps * taps)
  for (let tap = 0; tap < taps; tap++) filters[tap * taps + (order === 'forward' ? tap : taps - 1 - tap)] = 1
  const weights = x.graph.constant(new Tensor('float32', filters, [taps, 1, 1, ...kernel]))
  const swapped = transpose(x, [1, 0, ...sizes.map((_, axis) => axis + 2)])
  const depth = reshapeBy(swapped, [channels, 1, -1, ...sizes], [channels, 1, x.shape[0]!, ...sizes])
  const rank = kernel.length
  const deeper = {
    kernel: [1, ...kernel],
    strides: [1, ...strides],
    pads: [0, ...pads.slice(0, rank), 0, ...pads.slice(rank)],
    dilations: [1, ...dilations],
    group: 1,
  }
  const shape = [channels, taps, x.shape[0]!, ...windows]
  const columns = emit('Conv', [depth, weights], shape, geometryAttributes(deeper))
  return reshapeBy(columns, [channels * taps, -1], [channels * taps, 'N·L'])
}

/** `[N, C, …]` → `[C, N · positions]`, as {@link joinedColumns} has its columns. */
export function joinSamples(x: Value): Value {
  const [channels, positions] = [x.dim(1), product(spatialShape(x))]
  const flat = reshapeBy(x, [0, channels, positions], [x.shape[0]!, channels, positions])
  return reshapeBy(transpose(flat, [1, 0, 2]), [channels, -1], [channels, 'N·L'])
}

/** The way back from {@link joinSamples}, to an image of the shape `[N, C, …]`. */
export function splitSamples(joined: Value, shape: readonly Dim[]): Value {
  const [batch, channels, ...sizes] = shape
  const fixed = sizes.map(Number)
  const split = reshapeBy(joined, [Number(channels), -1, ...fixed], [channels!, batch!, ...fixed])
  return transpose(split, [1, 0, ...sizes.map((_, axis) => axis + 2)])
}
