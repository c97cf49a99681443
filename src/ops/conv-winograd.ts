import { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'
import { einsum, emit, product, reshapeBy } from './conv-emit.ts'
import type { Geometry } from './conv-geometry.ts'
import { counted, inOrder, placesOf, withTaps, type Way } from './conv-places.ts'
import { gatherPlaces } from './gather-places.ts'
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
  readonly results: number
  /** What each product takes of the m + 2 neighbours that a tile reads. */
  readonly data: readonly (readonly number[])[]
  /** What each product takes of the three weights. */
  readonly weights: readonly (readonly number[])[]
  /** What each result takes of the products. All of the second one: it brings the bias. */
  readonly sums: readonly (readonly number[])[]
}

/** Four products for two results: two thirds of the multiplications. */
export const winograd2: Winograd = {
  results: 2,
  data: [
    [1, 0, -1, 0],
    [0, 1, 1, 0],
    [0, -1, 1, 0],
    [0, 1, 0, -1],
  ],
  weights: [
    [1, 0, 0],
    [1 / 2, 1 / 2, 1 / 2],
    [1 / 2, -1 / 2, 1 / 2],
    [0, 0, 1],
  ],
  sums: [
    [1, 1, 1, 0],
    [0, 1, -1, -1],
  ],
}

/** Six products for four results: half of the multiplications. Its rounding is a few times that of plain sums. */
export const winograd4: Winograd = {
  results: 4,
  data: [
    [4, 0, -5, 0, 1, 0],
    [0, -4, -4, 1, 1, 0],
    [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
  ],
  weights: [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
  ],
  sums: [
    [1, 1, 1, 1, 1, 0],
    [0, 1, -1, 2, -2, 0],
    [0, 1, 1, 4, 4, 0],
    [0, 1, -1, 8, -8, 1],
  ],
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
  const tiles = [...windows.slice(0, -1), Math.ceil(windows.at(-1)! / form.results)]
  const [out, count] = [outputsOf(conv), product(tiles)]
  const weights = transformedWeights(conv, form)
  const products = transformedColumns(conv, form, tiles).map((columns, index) => {
    const inputs = bias && index === 1 ? [columns, weights[index]!, bias] : [columns, weights[index]!]
    const y = emit('Gemm', inputs, ['N·L', out], { transB: { int: 1 } })
    return reshapeBy(y, [-1, 1, out], ['N·L', 1, out])
  })
  const stacked = emit('Concat', products, ['N·L', products.length, out], { axis: { int: 1 } })
  const sums = einsum('lpo,rp->lro', [stacked, matrix(x, form.sums)], ['N·L', form.results, out])
  const tiled = tiles.at(-1)! * form.results
  const lines = count / tiles.at(-1)!
  return cut(reshapeBy(sums, [-1, lines, tiled, out], [x.shape[0]!, lines, tiled, out]), windows, out)
}

/** `[N, lines, tiled, O]` → `[N, windows, O]`: the last tile of a line may reach beyond it. */
function cut(y: Value, windows: readonly number[], out: number): Value {
  const [count, width] = [product(windows), windows.at(-1)!]
  const kept = y.dim(2) === width ? y : slice(y, [0], [width], { axes: [2] })
  return reshapeBy(kept, [-1, count, out], [y.shape[0]!, count, out])
}

/** One matrix `[O, outer taps · C]` a product. */
function transformedWeights({ weights, way, x }: PositionConv, form: Winograd): Value[] {
  const [first, second, ...kernel] = weights.fixedShape()
  const [out, channels, outer] = [way === 'forward' ? first! : second!, x.dim(2), product(kernel) / 3]
  const apart = reshapeBy(weights, [first!, second!, outer, 3], [first!, second!, outer, 3])
  const names = way === 'forward' ? 'ockt' : 'cokt'
  return form.weights.map((shares) => {
    const terms = [apart, vector(x, inOrder(shares, way))]
    const combined = einsum(`${names},t->okc`, terms, [out, outer, channels])
    return reshapeBy(combined, [out, outer * channels], [out, outer * channels])
  })
}

/**
 * One matrix `[N · tiles, outer taps · C]` a product. First what it takes of each tile's neighbours, for every line of the
 * image and of its padding; there, and beside the image, it takes nothing. Then the lines of the other dimensions' taps.
 */
function transformedColumns(
  { x, sizes, geometry, way }: PositionConv,
  form: Winograd,
  tiles: readonly number[],
): Value[] {
  const [last, channels, reads] = [tiles.length - 1, x.dim(2), form.results + 2]
  const padded = sizes
    .slice(0, last)
    .map((size, axis) => size + geometry.pads[axis]! + geometry.pads[axis + tiles.length]!)
  const lines = [...padded, tiles[last]!]
  const near = {
    ...geometry,
    kernel: [...padded.map(() => 1), reads],
    strides: [...padded.map(() => 1), form.results],
  }
  const { data: places, windows: count } = placesOf(near, sizes, lines, -1)
  const picked = gatherPlaces(
    x,
    1,
    places.map((place) => Math.max(0, place)),
  )
  const batch = x.shape[0]!
  const apart = reshapeBy(picked, [-1, count, reads, channels], [batch, count, reads, channels])
  const outer = {
    ...geometry,
    kernel: [...geometry.kernel.slice(0, last), 1],
    strides: [...geometry.strides.slice(0, last), 1],
    pads: geometry.pads.map(() => 0),
  }
  const order = inOrder(counted(product(outer.kernel)), way)
  const taps = withTaps(placesOf(outer, lines, tiles, -1), order, -1)
  const width = taps.taps * channels
  return form.data.map((shares) => {
    const taken = Float32Array.from(places, (place, index) => (place < 0 ? 0 : shares[index % reads]!))
    const terms = [apart, x.graph.constant(new Tensor('float32', taken, [count, reads]))]
    const combined = einsum('nltc,lt->nlc', terms, [batch, count, channels])
    return reshapeBy(gatherPlaces(combined, 1, taps.data), [-1, width], ['N·L', width])
  })
}

const matrix = ({ graph }: Value, rows: readonly (readonly number[])[]): Value =>
  graph.constant(new Tensor('float32', Float32Array.from(rows.flat()), [rows.length, rows[0]!.length]))

const vector = ({ graph }: Value, numbers: readonly number[]): Value =>
  graph.constant(new Tensor('float32', Float32Array.from(numbers), [numbers.length]))
