import type { Value } from '../graph/graph.ts'
import { emit, product, reshapeBy } from './conv-emit.ts'
import type { Geometry } from './conv-geometry.ts'
import { inOrder, placesOf, type TapOrder } from './conv-places.ts'
import { add, mul, sub } from './elementwise.ts'
import { gatherPlaces } from './gather-places.ts'
import { slice } from './slice.ts'

/**
 * Convolutions with three taps in the last dimension, by Winograd's F(2, 3) along it: two neighbouring results of four
 * products instead of six. Each product is a `Gemm` over columns of the other dimensions' taps, all positions before
 * channels. A third fewer multiplications, and a third less to gather.
 *
 * @see https://arxiv.org/abs/1509.09308 Lavin and Gray, Fast Algorithms for Convolutional Neural Networks
 */

/** `rows` `[O, taps, C]` by the windows of `x` `[N, positions, C]`, an image of `sizes`: `[N, windows, O]`. */
export function winogradConv(
  x: Value,
  sizes: readonly number[],
  rows: Value,
  bias: Value | undefined,
  geometry: Geometry,
  windows: readonly number[],
  order: TapOrder,
): Value {
  const last = windows.length - 1
  const tiles = [...windows.slice(0, last), Math.ceil(windows[last]! / 2)]
  const [out, count] = [rows.dim(0), product(tiles)]
  const weights = transformedWeights(rows, order)
  const columns = transformedColumns(x, sizes, geometry, tiles, order)
  const products = columns.map((column, index) => {
    // The second product is in both results, and with the sign of each.
    const inputs = bias && index === 1 ? [column, weights[index]!, bias] : [column, weights[index]!]
    return emit('Gemm', inputs, ['N·L', out], { transB: { int: 1 } })
  })
  const [m0, m1, m2, m3] = products as [Value, Value, Value, Value]
  const pair = [add(m0, add(m1, m2)), sub(sub(m1, m2), m3)]
  const apart = pair.map((value) => reshapeBy(value, [-1, count, 1, out], [x.shape[0]!, count, 1, out]))
  const both = emit('Concat', apart, [x.shape[0]!, count, 2, out], { axis: { int: 2 } })
  return withoutLast(both, windows, out)
}

/** `[N, tiles, 2, O]` → `[N, windows, O]`: an odd number of windows leaves one of each row's over. */
function withoutLast(both: Value, windows: readonly number[], out: number): Value {
  const [batch, count, width] = [both.shape[0]!, product(windows), windows.at(-1)!]
  const tiled = width + (width % 2)
  const rows = reshapeBy(both, [-1, count / width, tiled, out], [batch, count / width, tiled, out])
  const kept = tiled === width ? rows : slice(rows, [0], [width], { axes: [2] })
  return reshapeBy(kept, [-1, count, out], [batch, count, out])
}

/** Of g0, g1, g2 along the last dimension: g0, (g0 + g1 + g2) / 2, (g0 − g1 + g2) / 2, g2, each `[O, outer taps · C]`. */
function transformedWeights(rows: Value, order: TapOrder): Value[] {
  const [out, taps, channels] = rows.fixedShape()
  const outer = taps! / 3
  const apart = reshapeBy(rows, [out!, outer, 3, channels!], [out!, outer, 3, channels!])
  const flat = (value: Value) => reshapeBy(value, [out!, outer * channels!], [out!, outer * channels!])
  const [g0, g1, g2] = inOrder([0, 1, 2], order).map((tap) =>
    flat(slice(apart, [tap], [tap + 1], { axes: [2] })),
  )
  const [ends, middle] = [mul(add(g0!, g2!), 0.5), mul(g1!, 0.5)]
  return [g0!, add(ends, middle), sub(ends, middle), g2!]
}

/** Of d0 … d3, four neighbours from each second position on: d0 − d2, d1 + d2, d2 − d1, d1 − d3, each `[N · tiles, outer taps · C]`. */
function transformedColumns(
  x: Value,
  sizes: readonly number[],
  geometry: Geometry,
  tiles: readonly number[],
  order: TapOrder,
): Value[] {
  const [last, channels] = [tiles.length - 1, x.dim(2)]
  // Rows of the image and of its padding, so that what is made of them can be picked without any.
  const padded = sizes
    .slice(0, last)
    .map((size, axis) => size + geometry.pads[axis]! + geometry.pads[axis + tiles.length]!)
  const lines = [...padded, tiles[last]!]
  const [d0, d1, d2, d3] = [0, 1, 2, 3].map((offset) => {
    const neighbour = {
      ...geometry,
      kernel: tiles.map(() => 1),
      strides: [...padded.map(() => 1), 2],
      pads: [...geometry.pads.slice(0, last), geometry.pads[last]! - offset, ...tiles.map(() => 0)],
    }
    return gatherPlaces(x, 1, placesOf(neighbour, sizes, lines, product(sizes)).flat())
  }) as [Value, Value, Value, Value]
  const outer = {
    ...geometry,
    kernel: [...geometry.kernel.slice(0, last), 1],
    strides: [...geometry.strides.slice(0, last), 1],
    pads: geometry.pads.map(() => 0),
  }
  const places = placesOf(outer, lines, tiles, -1).flatMap((taps) => inOrder(taps, order))
  const width = (product(geometry.kernel) / 3) * channels
  return [sub(d0, d2), add(d1, d2), sub(d2, d1), sub(d1, d3)].map((value) =>
    reshapeBy(gatherPlaces(value, 1, places), [-1, width], ['N·L', width]),
  )
}
