import { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'
import { ints } from './constants.ts'
import { emit, product } from './conv-emit.ts'
import type { ColumnsForm } from './conv-formulations.ts'
import { geometryAttributes, type Geometry } from './conv-geometry.ts'

/** im2col: `x` `[N, C, …]` → `[N, C · taps, …windows]`, the taps of one channel in the order of the kernel. */
export function imageToColumns(
  x: Value,
  geometry: Geometry,
  windows: readonly number[],
  form: ColumnsForm,
): Value {
  if (form === 'none')
    return strided(
      x,
      geometry.kernel.map(() => 0),
      geometry.strides,
      windows,
    )
  return byOneHot(x, geometry, windows)
}

/** Every tap is a filter with a single 1; the convolution does stride, padding and dilation in one node. */
function byOneHot(x: Value, geometry: Geometry, windows: readonly number[]): Value {
  const [channels, taps] = [x.dim(1), product(geometry.kernel)]
  const filters = new Float32Array(channels * taps * taps)
  for (let row = 0; row < channels * taps; row++) filters[row * taps + (row % taps)] = 1
  const weights = x.graph.constant(new Tensor('float32', filters, [channels * taps, 1, ...geometry.kernel]))
  const shape = [x.shape[0]!, channels * taps, ...windows]
  return emit('Conv', [x, weights], shape, geometryAttributes({ ...geometry, group: channels }))
}

/** `count` positions from `starts` on, `steps` apart, of the spatial dimensions. */
export function strided(
  x: Value,
  starts: readonly number[],
  steps: readonly number[],
  count: readonly number[],
): Value {
  const ends = starts.map((start, axis) => start + (count[axis]! - 1) * steps[axis]! + 1)
  if (starts.every((start, axis) => start === 0 && steps[axis] === 1 && ends[axis] === x.shape[axis + 2]))
    return x
  const axes = starts.map((_, axis) => axis + 2)
  const inputs = [starts, ends, axes, steps].map((numbers) => ints(x.graph, numbers))
  return emit('Slice', [x, ...inputs], [x.shape[0]!, x.shape[1]!, ...count])
}
