import { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'
import { concat } from './concat.ts'
import { emit, product, reshapeBy } from './conv-emit.ts'
import type { Geometry } from './conv-geometry.ts'
import { byTap, counted, inOrder, placesOf, withTaps, type Way } from './conv-places.ts'
import { add, mul, neg, sub } from './elementwise.ts'
import { gatherPlaces } from './gather-places.ts'
import { transpose } from './reshape.ts'
import { slice } from './slice.ts'

/**
 * Convolutions with three taps in the last dimension, by Winograd's F(m, 3) along it: m neighbouring results of m + 2
 * products instead of 3 m. Each product is a `Gemm` over columns of the other dimensions' taps, all positions before
 * channels.
 *
 * @see https://arxiv.org/abs/1509.09308 Lavin and Gray, Fast Algorithms for Convolutional Neural Networks
 */
export interface Winograd {
  /** m, the results of a tile. */
  readonly size: number
  /** Each product's data, of the m + 2 neighbours that a tile reads. */
  data(neighbours: readonly Value[]): readonly Value[]
  /** Each product's weights, of the three taps. */
  weights(taps: readonly Value[]): readonly Value[]
  /** The results, of the products: each takes the second once, which brings the bias. */
  results(products: readonly Value[]): readonly Value[]
  /** The gradient of each product, of those of the results: {@link Winograd.results}, transposed. */
  productGradients(results: readonly Value[]): readonly Value[]
  /** The gradient of each tap, of those of the products' weights: {@link Winograd.weights}, transposed. */
  tapGradients(weights: readonly Value[]): readonly Value[]
}

/** Four products for two results: two thirds of the multiplications. */
export const winograd2: Winograd = {
  size: 2,
  data: ([a, b, c, d]) => [sub(a!, c!), add(b!, c!), sub(c!, b!), sub(b!, d!)],
  weights([a, b, c]) {
    const [outer, inner] = [mul(add(a!, c!), 1 / 2), mul(b!, 1 / 2)]
    return [a!, add(outer, inner), sub(outer, inner), c!]
  },
  results: ([a, b, c, d]) => [add(a!, add(b!, c!)), sub(sub(b!, c!), d!)],
  productGradients: ([a, b]) => [a!, add(a!, b!), sub(a!, b!), neg(b!)],
  tapGradients([a, b, c, d]) {
    const [both, apart] = [mul(add(b!, c!), 1 / 2), mul(sub(b!, c!), 1 / 2)]
    return [add(a!, both), apart, add(both, d!)]
  },
}

/** Six products for four results: half of the multiplications. Its rounding is a few times that of plain sums. */
export const winograd4: Winograd = {
  size: 4,
  data([a, b, c, d, e, f]) {
    // Each pair of rows of the matrix is a sum and a difference of the same two.
    const [even, odd] = [sub(e!, mul(c!, 4)), sub(d!, mul(b!, 4))]
    const [near, far] = [sub(e!, c!), mul(sub(d!, b!), 2)]
    return [
      add(mul(sub(a!, c!), 4), near),
      add(even, odd),
      sub(even, odd),
      add(near, far),
      sub(near, far),
      sub(sub(f!, d!), mul(far, 2)),
    ]
  },
  weights([a, b, c]) {
    const [outer, inner] = [mul(add(a!, c!), -1 / 6), mul(b!, 1 / 6)]
    const [wide, narrow] = [add(mul(a!, 1 / 24), mul(c!, 1 / 6)), mul(b!, 1 / 12)]
    return [mul(a!, 1 / 4), sub(outer, inner), add(outer, inner), add(wide, narrow), sub(wide, narrow), c!]
  },
  results([a, b, c, d, e, f]) {
    const [even, odd] = [add(b!, c!), sub(b!, c!)]
    const [near, far] = [add(d!, e!), sub(d!, e!)]
    return [
      add(add(a!, even), near),
      add(odd, mul(far, 2)),
      add(even, mul(near, 4)),
      add(add(odd, mul(far, 8)), f!),
    ]
  },
  productGradients([a, b, c, d]) {
    const [even, odd] = [add(a!, c!), add(b!, d!)]
    const [near, far] = [add(a!, mul(c!, 4)), add(mul(b!, 2), mul(d!, 8))]
    return [a!, add(even, odd), sub(even, odd), add(near, far), sub(near, far), d!]
  },
  tapGradients([a, b, c, d, e, f]) {
    const [narrow, wide] = [mul(add(b!, c!), 1 / 6), mul(add(d!, e!), 1 / 6)]
    return [
      add(sub(mul(a!, 1 / 4), narrow), mul(wide, 1 / 4)),
      add(mul(sub(c!, b!), 1 / 6), mul(sub(d!, e!), 1 / 12)),
      add(sub(wide, narrow), f!),
    ]
  },
}

/** A convolution whose image is by positions, channels last. */
export interface PositionConv {
  /** `[N, positions, C]`, an image of `sizes`. */
  readonly x: Value
  readonly sizes: readonly number[]
  /** As the convolution has them, `[O, C, …kernel]`; as that has them whose way back this is, `[C, O, …kernel]`. */
  readonly weights: Value
  /** `[O]`. */
  readonly bias: Value | undefined
  readonly geometry: Geometry
  readonly windows: readonly number[]
  readonly way: Way
}

/** The channels that come out. */
export const outputsOf = ({ weights, way }: PositionConv): number => weights.dim(way === 'forward' ? 0 : 1)

/** `[N, windows, O]`. */
export function winogradConv(conv: PositionConv, form: Winograd): Value {
  const { x, bias, windows } = conv
  const tiles = tilesOf(windows, form)
  const [out, count] = [outputsOf(conv), product(tiles)]
  const weights = transformedWeights(conv, form)
  const products = transformedColumns(conv, form, tiles).map((columns, index) => {
    const inputs = bias && index === 1 ? [columns, weights[index]!, bias] : [columns, weights[index]!]
    return emit('Gemm', inputs, ['N·L', out], { transB: { int: 1 } })
  })
  const results = concat(form.results(products), 1)
  const tiled = tiles.at(-1)! * form.size
  const lines = count / tiles.at(-1)!
  return cut(reshapeBy(results, [-1, lines, tiled, out], [x.shape[0]!, lines, tiled, out]), windows, out)
}

/** How many tiles there are in each dimension. */
export const tilesOf = (windows: readonly number[], { size }: Winograd): number[] => [
  ...windows.slice(0, -1),
  Math.ceil(windows.at(-1)! / size),
]

/** `[N, lines, tiled, O]` → `[N, windows, O]`: the last tile of a line may reach beyond it. */
function cut(y: Value, windows: readonly number[], out: number): Value {
  const [count, width] = [product(windows), windows.at(-1)!]
  const kept = y.dim(2) === width ? y : slice(y, [0], [width], { axes: [2] })
  return reshapeBy(kept, [-1, count, out], [y.shape[0]!, count, out])
}

/** One matrix `[O, outer taps · C]` a product. */
function transformedWeights({ weights, way, x }: PositionConv, form: Winograd): readonly Value[] {
  const [first, second, ...kernel] = weights.fixedShape()
  const [out, channels, outer] = [way === 'forward' ? first! : second!, x.dim(2), product(kernel) / 3]
  const apart = reshapeBy(weights, [first!, second!, outer, 3], [first!, second!, outer, 3])
  const byTap = transpose(apart, way === 'forward' ? [3, 0, 2, 1] : [3, 1, 2, 0])
  const rows = reshapeBy(byTap, [3, out, outer * channels], [3, out, outer * channels])
  return form.weights(inOrder([0, 1, 2], way).map((tap) => tapOf(rows, tap)))
}

/** `[3, …]` → `[…]`. */
function tapOf(rows: Value, tap: number): Value {
  const index = rows.graph.constant(new Tensor('int32', Int32Array.of(tap), []))
  return emit('Gather', [rows, index], rows.shape.slice(1), { axis: { int: 0 } })
}

/**
 * One matrix `[N · tiles, outer taps · C]` a product. First what it takes of each tile's neighbours, for every line of the
 * image and of its padding. Then the lines of the other dimensions' taps.
 */
export function transformedColumns(
  { x, sizes, geometry, way }: Pick<PositionConv, 'x' | 'sizes' | 'geometry' | 'way'>,
  form: Winograd,
  tiles: readonly number[],
): Value[] {
  const [last, channels, reads] = [tiles.length - 1, x.dim(2), form.size + 2]
  const padded = sizes
    .slice(0, last)
    .map((size, axis) => size + geometry.pads[axis]! + geometry.pads[axis + tiles.length]!)
  const lines = [...padded, tiles[last]!]
  const near = {
    ...geometry,
    kernel: [...padded.map(() => 1), reads],
    strides: [...padded.map(() => 1), form.size],
  }
  const places = byTap(placesOf(near, sizes, lines, -1))
  const count = product(lines)
  const neighbours = counted(reads).map((read) => pick(x, places.subarray(read * count, (read + 1) * count)))
  const outer = {
    ...geometry,
    kernel: [...geometry.kernel.slice(0, last), 1],
    strides: [...geometry.strides.slice(0, last), 1],
    pads: geometry.pads.map(() => 0),
  }
  const order = inOrder(counted(product(outer.kernel)), way)
  const taps = withTaps(placesOf(outer, lines, tiles, -1), order, -1)
  const width = taps.taps * channels
  return form
    .data(neighbours)
    .map((combined) => reshapeBy(gatherPlaces(combined, 1, taps.data), [-1, width], ['N·L', width]))
}

/** The positions `places` of `x` `[N, positions, C]`, and zeros for those that are negative, in the padding. */
export function pick(x: Value, places: Int32Array<ArrayBuffer>): Value {
  const picked = gatherPlaces(
    x,
    1,
    places.map((place) => Math.max(0, place)),
  )
  if (places.every((place) => place >= 0)) return picked
  // Broadcast over channels.
  const isInside = Float32Array.from(places, (place) => Number(place >= 0))
  return mul(picked, x.graph.constant(new Tensor('float32', isInside, [places.length, 1])))
}
