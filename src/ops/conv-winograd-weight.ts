import type { Value } from '../graph/graph.ts'
import { concat, split } from './concat.ts'
import { emit, product, reshapeBy } from './conv-emit.ts'
import type { Geometry } from './conv-geometry.ts'
import { byTap } from './conv-places.ts'
import {
  byMatrix,
  filteredLines,
  outerTaps,
  pickEach,
  tilesOf,
  transformedLines,
  transposed,
  type Winograd,
} from './conv-winograd.ts'
import { transpose } from './reshape.ts'

/** The gradient of a convolution's weights. */
export interface ImageWeightGradient {
  /** `[N, C, …]`. */
  readonly x: Value
  /** `[N, O, …windows]`. */
  readonly dy: Value
  readonly geometry: Geometry
  readonly windows: readonly number[]
}

/**
 * `[O, C, …kernel]`: {@link winogradConv}, differentiated by its weights. Each of its m + 2 products gives the gradient of
 * its own weights, by one product over the tiles; so here, too, m + 2 multiplications stand for 3 m.
 */
export function winogradWeightGradient(of: ImageWeightGradient, form: Winograd): Value {
  const { x, dy, geometry, windows } = of
  const [out, channels, outer] = [dy.dim(1), x.dim(1), product(geometry.kernel) / 3]
  const tiles = tilesOf(windows, form)
  const data = dataColumns(of, form, tiles)
  const width = channels * outer
  const products = productGradients(dy, form, tiles).map((gradient, index) =>
    emit('Gemm', [gradient, data[index]!], [out, width], { transB: { int: 1 } }),
  )
  const shape = [form.size + 2, out, width]
  const productsLast = transpose(reshapeBy(concat(products, 0), shape, shape), [1, 2, 0])
  const all = [out, channels, ...geometry.kernel]
  return reshapeBy(byMatrix(productsLast, transposed(form.weights)), all, all)
}

/** `[C · outer taps, tiles · N]` for each product. */
function dataColumns(of: ImageWeightGradient, form: Winograd, tiles: readonly number[]): Value[] {
  const lines = transformedLines(of, form, tiles)
  const [channels, products, count] = [lines.dim(1), lines.dim(2), lines.dim(3)]
  const batch = lines.shape[0]!
  const flat = reshapeBy(lines, [0, channels, products * count], [batch, channels, products * count])
  const samplesLast = transpose(flat, [1, 2, 0])
  const taps = outerTaps(of, 'forward', tiles)
  const width = taps.taps * channels
  return pickEach(samplesLast, products, byTap(taps)).map((columns) =>
    reshapeBy(columns, [width, -1], [width, 'L·N']),
  )
}

/** `[O, tiles · N]` for each product. A tile's results beyond the end of a line have none. */
function productGradients(dy: Value, form: Winograd, tiles: readonly number[]): readonly Value[] {
  const [out, products] = [dy.dim(1), form.size + 2]
  const along = { stride: form.size, tiles: tiles.at(-1)!, start: 0 }
  const lines = filteredLines(dy, transposed(form.results), along)
  const samplesLast = transpose(lines, [2, 1, 3, 0])
  const flat = reshapeBy(samplesLast, [products * out, -1], [products * out, 'L·N'])
  return split(flat, out, 0)
}
