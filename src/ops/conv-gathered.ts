import type { Value } from '../graph/graph.ts'
import { einsum, emit, product, reshapeBy, spatialShape } from './conv-emit.ts'
import type { Geometry } from './conv-geometry.ts'
import { isNarrow, winogradFor } from './conv-formulations.ts'
import {
  byTap,
  counted,
  inOrder,
  placesOf,
  readersOf,
  tapsInFours,
  tapsOf,
  withTaps,
  type Way,
} from './conv-places.ts'
import { outputsOf, winogradConv, type ImageConv } from './conv-winograd.ts'
import { add } from './elementwise.ts'
import { gatherPlaces } from './gather-places.ts'
import { pad } from './pad.ts'
import { transpose } from './reshape.ts'

/**
 * Convolutions as one `Gemm` over columns that `Gather` picks, for WebGPU. Its `Conv` takes 3 (64 channels at 16²) to
 * 15 times (512 at 2²) as long in the layout that is right. `Gemm` is fastest, by two, with both sides by rows and rows of
 * four numbers each; so positions come before channels, which is also how it is cheapest to pick them.
 */

/** The convolution of `x` `[N, C, …]` with `weights` and a `bias` `[O]`: `[N, O, …windows]`. */
export function gatheredConv(
  x: Value,
  weights: Value,
  bias: Value | undefined,
  geometry: Geometry,
  windows: readonly number[],
  way: Way = 'forward',
): Value {
  const conv = { x, weights, bias, geometry, windows, way }
  const winograd = winogradFor(geometry, { in: x.dim(1), out: outputsOf(conv) }, windows)
  return winograd ? winogradConv(conv, winograd) : asImage(oneProduct(conv), windows)
}

/** By one product over columns of all taps: `[N, windows, O]`. */
function oneProduct(conv: ImageConv): Value {
  const { bias, geometry, windows, way } = conv
  const [x, sizes] = [byPosition(conv.x), spatialShape(conv.x)]
  const [out, channels, count] = [outputsOf(conv), x.dim(2), product(windows)]
  const all = tapsInFours(tapsOf(geometry), channels)
  const [size, width] = [product(sizes), all * channels]
  const taps = [
    ...inOrder(counted(tapsOf(geometry)), way),
    ...new Array<number>(all - tapsOf(geometry)).fill(-1),
  ]
  const places = withTaps(placesOf(geometry, sizes, windows, size), taps, size)
  const columns = reshapeBy(gatherPlaces(x, 1, places.data), [-1, width], ['N·L', width])
  const rows = pad(rowsOf(conv), [0, all - tapsOf(geometry)], { axes: [1] })
  const matrix = reshapeBy(rows, [out, width], [out, width])
  const y = isNarrow(out, width) ? narrowProduct(columns, matrix, bias) : byRows(columns, matrix, bias)
  return reshapeBy(y, [-1, count, out], [x.shape[0]!, count, out])
}

function byRows(columns: Value, matrix: Value, bias: Value | undefined): Value {
  const inputs = bias ? [columns, matrix, bias] : [columns, matrix]
  return emit('Gemm', inputs, ['N·L', matrix.dim(0)], { transB: { int: 1 } })
}

function narrowProduct(columns: Value, matrix: Value, bias: Value | undefined): Value {
  const y = einsum('lk,ok->lo', [columns, matrix], ['N·L', matrix.dim(0)])
  return bias ? add(y, bias) : y
}

/** The weights as `[O, taps, C]`. */
function rowsOf({ weights, way }: ImageConv): Value {
  const [first, second, ...kernel] = weights.fixedShape()
  const taps = product(kernel)
  const flat = reshapeBy(weights, [first!, second!, taps], [first!, second!, taps])
  return transpose(flat, way === 'forward' ? [0, 2, 1] : [1, 2, 0])
}

/**
 * The columns of `x` `[N, C, …]` for the gradient of the weights, by which every product of that gradient is a row:
 * `[N, C · taps, …windows]`, with taps added at the end of each channel, as many as `tapsInFours` says.
 */
export function gatheredColumns(x: Value, geometry: Geometry, windows: readonly number[]): Value {
  const [batch, channels, size] = [x.shape[0]!, x.dim(1), product(spatialShape(x))]
  const all = tapsInFours(tapsOf(geometry), channels)
  const taps = counted(tapsOf(geometry), all)
  const places = withTaps(placesOf(geometry, spatialShape(x), windows, size), taps, size)
  const picked = gatherPlaces(reshapeBy(x, [0, channels, size], [batch, channels, size]), 2, byTap(places))
  return reshapeBy(picked, [0, channels * all, ...windows], [batch, channels * all, ...windows])
}

/**
 * The gradient of the input for any strides: the columns' gradients by one product, and to each position the sum of
 * those that were read from it. `rows` are `[C · taps, O]` with the taps outside.
 */
export function scatteredInput(dy: Value, w: Value, geometry: Geometry, x: Value): Value {
  const [out, channels] = [w.dim(0), w.dim(1)]
  const [taps, windows, sizes] = [tapsOf(geometry), spatialShape(dy), spatialShape(x)]
  const [count, size] = [product(windows), product(sizes)]
  const flat = reshapeBy(w, [out, channels, taps], [out, channels, taps])
  const rows = reshapeBy(transpose(flat, [2, 1, 0]), [taps * channels, out], [taps * channels, out])
  const rowsOfDy = reshapeBy(byPosition(dy), [-1, out], ['N·L', out])
  const columns = emit('Gemm', [rowsOfDy, rows], ['N·L', taps * channels], { transB: { int: 1 } })
  const apart = reshapeBy(columns, [-1, count * taps, channels], [dy.shape[0]!, count * taps, channels])
  const { readers, most } = readersOf(placesOf(geometry, sizes, windows, size), size, count * taps)
  const picked = gatherPlaces(apart, 1, readers)
  const shape = [dy.shape[0]!, size, most, channels]
  const sums = einsum(
    'nlpc->nlc',
    [reshapeBy(picked, [0, size, most, channels], shape)],
    [shape[0]!, size, channels],
  )
  return asImage(sums, sizes)
}

/** `[N, C, …]` → `[N, positions, C]`. */
export function byPosition(x: Value): Value {
  const [channels, size] = [x.dim(1), product(spatialShape(x))]
  return transpose(reshapeBy(x, [0, channels, size], [x.shape[0]!, channels, size]), [0, 2, 1])
}

/** `[N, positions, C]` → `[N, C, …sizes]`. */
function asImage(rows: Value, sizes: readonly number[]): Value {
  const [batch, channels] = [rows.shape[0]!, rows.dim(2)]
  return reshapeBy(transpose(rows, [0, 2, 1]), [0, channels, ...sizes], [batch, channels, ...sizes])
}
