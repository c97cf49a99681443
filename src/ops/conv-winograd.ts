import { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'
import { concat, split } from './concat.ts'
import { emit, product, reshapeBy, spatialShape } from './conv-emit.ts'
import type { Geometry } from './conv-geometry.ts'
import { counted, inOrder, placesOf, withTaps, type Places, type Way } from './conv-places.ts'
import { gatherPlaces } from './gather-places.ts'
import { transpose } from './reshape.ts'
import { slice } from './slice.ts'

/** By rows. */
export type Matrix = readonly (readonly number[])[]

/**
 * Convolutions with three taps in the last dimension, by Winograd's F(m, 3) along it: m neighbouring results of m + 2
 * products instead of 3 m. Each product is a `Gemm` over columns of the other dimensions' taps, all positions before
 * channels. The names of the matrices are the paper's.
 *
 * @see https://arxiv.org/abs/1509.09308 Lavin and Gray, Fast Algorithms for Convolutional Neural Networks
 */
export interface Winograd {
  /** m, the results of a tile. */
  readonly size: number
  /** Bᵀ: each product's data, of the m + 2 neighbours that a tile reads. */
  readonly data: Matrix
  /** G: each product's weights, of the three taps. */
  readonly weights: Matrix
  /** Aᵀ: the results, of the products. Each takes the second once, which brings the bias. */
  readonly results: Matrix
}

/** Four products for two results: two thirds of the multiplications. */
export const winograd2: Winograd = {
  size: 2,
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
  results: [
    [1, 1, 1, 0],
    [0, 1, -1, -1],
  ],
}

/** Six products for four results: half of the multiplications. Its rounding is a few times that of plain sums. */
export const winograd4: Winograd = {
  size: 4,
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
  results: [
    [1, 1, 1, 1, 1, 0],
    [0, 1, -1, 2, -2, 0],
    [0, 1, 1, 4, 4, 0],
    [0, 1, -1, 8, -8, 1],
  ],
}

/** A convolution of an image. */
export interface ImageConv {
  /** `[N, C, …]`. */
  readonly x: Value
  /** As the convolution has them, `[O, C, …kernel]`; as that has them whose way back this is, `[C, O, …kernel]`. */
  readonly weights: Value
  /** `[O]`. */
  readonly bias: Value | undefined
  readonly geometry: Geometry
  readonly windows: readonly number[]
  readonly way: Way
}

/** The channels that come out. */
export const outputsOf = ({ weights, way }: ImageConv): number => weights.dim(way === 'forward' ? 0 : 1)

/** `[N, O, …windows]`. */
export function winogradConv(conv: ImageConv, form: Winograd): Value {
  const { x, bias, windows } = conv
  const tiles = tilesOf(windows, form)
  const [out, count] = [outputsOf(conv), product(tiles)]
  const weights = transformedWeights(conv, form)
  const products = dataRows(conv, form, tiles).map((rows, index) => {
    const inputs = bias && index === 1 ? [rows, weights[index]!, bias] : [rows, weights[index]!]
    const y = emit('Gemm', inputs, ['N·L', out], { transB: { int: 1 } })
    return reshapeBy(y, [1, -1, count, out], [1, x.shape[0]!, count, out])
  })
  const productsLast = transpose(concat(products, 0), [1, 3, 2, 0])
  return cut(byMatrix(productsLast, form.results), windows, tiles)
}

/** How many tiles there are in each dimension. */
export const tilesOf = (windows: readonly number[], { size }: Winograd): number[] => [
  ...windows.slice(0, -1),
  Math.ceil(windows.at(-1)! / size),
]

/** `[N, O, tiles, m]` → `[N, O, …windows]`: the last tile of a line may reach beyond it. */
function cut(y: Value, windows: readonly number[], tiles: readonly number[]): Value {
  const [out, width, lines] = [y.dim(1), windows.at(-1)!, product(tiles.slice(0, -1))]
  const tiled = tiles.at(-1)! * y.dim(3)
  const full = reshapeBy(y, [0, out, lines, tiled], [y.shape[0]!, out, lines, tiled])
  const kept = tiled === width ? full : slice(full, [0], [width], { axes: [3] })
  return reshapeBy(kept, [0, out, ...windows], [y.shape[0]!, out, ...windows])
}

/** Each row of `matrix` by the last dimension of `x`: WebGPU's `MatMul` for sizes below 8 has no barriers. */
export function byMatrix(x: Value, matrix: Matrix): Value {
  const [rows, columns] = [matrix.length, matrix[0]!.length]
  const data = Float32Array.from(transposed(matrix).flat())
  const right = x.graph.constant(new Tensor('float32', data, [columns, rows]))
  return emit('MatMul', [x, right], [...x.shape.slice(0, -1), rows])
}

/** Its columns as rows. */
export const transposed = (matrix: Matrix): Matrix =>
  matrix[0]!.map((_, column) => matrix.map((row) => row[column]!))

/** One matrix `[O, outer taps · C]` a product. */
function transformedWeights({ weights, way }: ImageConv, form: Winograd): readonly Value[] {
  const [first, second, ...kernel] = weights.fixedShape()
  const [outer, products] = [product(kernel) / 3, form.size + 2]
  const apart = reshapeBy(weights, [first!, second!, outer, 3], [first!, second!, outer, 3])
  const matrix = form.weights.map((row) => inOrder(row, way))
  const transformed = transpose(byMatrix(apart, matrix), way === 'forward' ? [3, 0, 2, 1] : [3, 1, 2, 0])
  const [out, channels] = [transformed.dim(1), transformed.dim(3)]
  const flat = reshapeBy(transformed, [products * out, outer * channels], [products * out, outer * channels])
  return split(flat, out, 0)
}

/** One matrix `[N · tiles, outer taps · C]` a product: of its data, the lines of the other dimensions' taps. */
function dataRows(conv: ImageConv, form: Winograd, tiles: readonly number[]): Value[] {
  const [channels, taps] = [conv.x.dim(1), outerTaps(conv, conv.way, tiles)]
  const lines = transformedLines(conv, form, tiles)
  const [products, count] = [form.size + 2, lines.dim(3)]
  const last = transpose(lines, [0, 2, 3, 1])
  const flat = reshapeBy(
    last,
    [0, products * count, channels],
    [conv.x.shape[0]!, products * count, channels],
  )
  const width = taps.taps * channels
  return pickEach(flat, products, taps.data).map((rows) => reshapeBy(rows, [-1, width], ['N·L', width]))
}

/** The places `places` of each product, whose lines follow one another in the second dimension of `lines`. */
export function pickEach(lines: Value, products: number, places: Int32Array<ArrayBuffer>): Value[] {
  const count = lines.dim(1) / products
  return counted(products).map((index) =>
    gatherPlaces(
      lines,
      1,
      places.map((place) => index * count + place),
    ),
  )
}

/** Of an image, what is needed for its data. */
export type ConvData = Pick<ImageConv, 'x' | 'geometry'>

/** Where the lines of each tile's outer taps are in {@link transformedLines}: those in the padding in its last. */
export function outerTaps({ x, geometry }: ConvData, way: Way, tiles: readonly number[]): Places {
  const outer = {
    ...geometry,
    kernel: [...geometry.kernel.slice(0, -1), 1],
    strides: [...geometry.strides.slice(0, -1), 1],
    pads: geometry.pads.map((pad, axis) => ((axis + 1) % tiles.length === 0 ? 0 : pad)),
  }
  const sizes = [...spatialShape(x).slice(0, -1), tiles.at(-1)!]
  const places = placesOf(outer, sizes, tiles, product(sizes))
  return withTaps(places, inOrder(counted(places.taps), way), 0)
}

/** Every product's data, for every line of the image and one of zeros after them: `[N, C, products, lines · tiles]`. */
export function transformedLines({ x, geometry }: ConvData, form: Winograd, tiles: readonly number[]): Value {
  const along = { stride: form.size, tiles: tiles.at(-1)!, start: geometry.pads[tiles.length - 1]! }
  return filteredLines(x, form.data, along, 1)
}

/** Where filters are along a line. */
interface Along {
  readonly stride: number
  readonly tiles: number
  /** How far before the line the first one begins. */
  readonly start: number
}

/**
 * Each row of `filters` at each tile of each line, `[N, C, …, W]` → `[N, C, filters, lines · tiles]`, with so many lines of
 * `zeros` after them: a depthwise `Conv`, which pads by itself.
 */
export function filteredLines(x: Value, filters: Matrix, { stride, tiles, start }: Along, zeros = 0): Value {
  const [channels, sizes, reads] = [x.dim(1), spatialShape(x), filters[0]!.length]
  const [width, lines] = [sizes.at(-1)!, product(sizes.slice(0, -1))]
  const image = reshapeBy(x, [0, channels, lines, width], [x.shape[0]!, channels, lines, width])
  const end = (tiles - 1) * stride + reads - width - start
  const rows = Float32Array.from(counted(channels).flatMap(() => filters.flat()))
  const count = filters.length * channels
  const weights = x.graph.constant(new Tensor('float32', rows, [count, 1, 1, reads]))
  const filtered = emit('Conv', [image, weights], [x.shape[0]!, count, lines + zeros, tiles], {
    group: { int: channels },
    kernel_shape: { ints: [1, reads] },
    strides: { ints: [1, stride] },
    pads: { ints: [0, start, zeros, end] },
  })
  const shape = [channels, filters.length, (lines + zeros) * tiles]
  return reshapeBy(filtered, [0, ...shape], [x.shape[0]!, ...shape])
}
