import { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'
import { ints } from './constants.ts'
import { emit, product, reshapeBy, spatialShape } from './conv-emit.ts'
import type { ColumnsForm } from './conv-formulations.ts'
import { geometryAttributes, type Geometry } from './conv-geometry.ts'

/** im2col: `x` `[N, C, …]` → `[N, C · taps, …windows]`, the taps of one channel in the order of the kernel. */
export function imageToColumns(
  x: Value,
  geometry: Geometry,
  windows: readonly number[],
  form: ColumnsForm,
  /** Of the taps; only `'gather'` can mirror them. */
  order: 'forward' | 'mirrored' = 'forward',
): Value {
  if (form === 'none')
    return strided(
      x,
      geometry.kernel.map(() => 0),
      geometry.strides,
      windows,
    )
  if (form === 'gather') return byGather(x, geometry, windows, order)
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

/** Every tap of every window is picked from the padded positions. */
function byGather(
  x: Value,
  geometry: Geometry,
  windows: readonly number[],
  order: 'forward' | 'mirrored',
): Value {
  const [channels, taps] = [x.dim(1), product(geometry.kernel)]
  const padded = padSpatial(x, geometry.pads)
  const sizes = spatialShape(padded)
  const flat = reshapeBy(padded, [0, channels, product(sizes)], [x.shape[0]!, channels, product(sizes)])
  const offsets = order === 'forward' ? tapOffsets(geometry) : tapOffsets(geometry).reverse()
  const places = offsets.flatMap((starts) => placesFrom(starts, geometry.strides, windows, sizes))
  const indices = x.graph.constant(new Tensor('int32', Int32Array.from(places), [places.length]))
  const shape = [x.shape[0]!, channels, places.length]
  const picked = emit('Gather', [flat, indices], shape, { axis: { int: 2 } })
  return reshapeBy(picked, [0, channels * taps, ...windows], [x.shape[0]!, channels * taps, ...windows])
}

/** The places, in row-major order, of `count` positions from `starts` on, `steps` apart. */
function placesFrom(
  starts: readonly number[],
  steps: readonly number[],
  count: readonly number[],
  sizes: readonly number[],
): number[] {
  return sizes.reduce<number[]>(
    (outer, size, axis) =>
      outer.flatMap((place) =>
        Array.from(
          { length: count[axis]! },
          (_, index) => place * size + starts[axis]! + index * steps[axis]!,
        ),
      ),
    [0],
  )
}

/** Where each tap of the first window lies, in the kernel's row-major order. */
export function tapOffsets({ kernel, dilations }: Geometry): number[][] {
  return kernel.reduce<number[][]>(
    (offsets, size, axis) =>
      offsets.flatMap((outer) =>
        Array.from({ length: size }, (_, tap) => [...outer, tap * dilations[axis]!]),
      ),
    [[]],
  )
}

/** Pads the spatial dimensions with `value`; `pads` in ONNX's order. */
export function padSpatial(x: Value, pads: readonly number[], value = 0): Value {
  if (pads.every((pad) => pad === 0)) return x
  const rank = pads.length / 2
  const all = [0, 0, ...pads.slice(0, rank), 0, 0, ...pads.slice(rank)]
  const sizes = spatialShape(x).map((size, axis) => size + pads[axis]! + pads[axis + rank]!)
  const fill = x.graph.constant(Tensor.full([], value, x.dtype))
  return emit('Pad', [x, ints(x.graph, all), fill], [x.shape[0]!, x.shape[1]!, ...sizes])
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
