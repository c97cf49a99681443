import type { Value } from '../graph/graph.ts'
import { concat } from './concat.ts'
import { emit, product, reshapeBy } from './conv-emit.ts'
import type { Geometry } from './conv-geometry.ts'
import { counted } from './conv-places.ts'
import { pick, tilesOf, transformedColumns, type Winograd } from './conv-winograd.ts'
import { transpose } from './reshape.ts'

/** The gradient of a convolution's weights, with image and results by positions, channels last. */
export interface PositionWeightGradient {
  /** `[N, positions, C]`, an image of `sizes`. */
  readonly x: Value
  readonly sizes: readonly number[]
  /** `[N, windows, O]`. */
  readonly dy: Value
  readonly geometry: Geometry
  readonly windows: readonly number[]
}

/**
 * `[O, C, …kernel]`: {@link winogradConv}, differentiated by its weights. Each of its m + 2 products gives the gradient of
 * its own weights, by one product over the tiles; so here, too, m + 2 multiplications stand for 3 m.
 */
export function winogradWeightGradient(of: PositionWeightGradient, form: Winograd): Value {
  const { x, dy, geometry, windows } = of
  const [out, channels, outer] = [dy.dim(2), x.dim(2), product(geometry.kernel) / 3]
  const tiles = tilesOf(windows, form)
  const columns = transformedColumns({ ...of, way: 'forward' }, form, tiles)
  const products = productGradients(of, form, tiles).map((gradient, index) => {
    const sides = [gradient, columns[index]!].map((rows) => upright(rows, product(tiles)))
    return emit('Gemm', sides, [out, outer * channels], { transB: { int: 1 } })
  })
  const taps = concat(form.tapGradients(products), 1)
  const split = reshapeBy(taps, [out, 3, outer, channels], [out, 3, outer, channels])
  const shape = [out, channels, ...geometry.kernel]
  return reshapeBy(transpose(split, [0, 3, 2, 1]), shape, shape)
}

/**
 * `[N · tiles, width]` → `[width, N · tiles]`, which `Gemm` takes half the time for. By three dimensions: in two, WebGPU's
 * `Transpose` goes by tiles in shared memory, for thirty times as long on a software adapter.
 */
function upright(rows: Value, tiles: number): Value {
  const width = rows.dim(1)
  const apart = reshapeBy(rows, [-1, tiles, width], ['N', tiles, width])
  return reshapeBy(transpose(apart, [2, 0, 1]), [width, -1], [width, 'N·L'])
}

/** `[N · tiles, O]` for each product. A tile's results beyond the end of a line have none. */
function productGradients(
  { dy, windows }: PositionWeightGradient,
  form: Winograd,
  tiles: readonly number[],
): Value[] {
  const [width, along, out] = [windows.at(-1)!, tiles.at(-1)!, dy.dim(2)]
  const results = counted(form.size).map((result) => {
    const places = Int32Array.from({ length: product(tiles) }, (_, tile) => {
      const position = (tile % along) * form.size + result
      return position < width ? Math.floor(tile / along) * width + position : -1
    })
    return pick(dy, places)
  })
  return form.productGradients(results).map((y) => reshapeBy(y, [-1, out], ['N·L', out]))
}
