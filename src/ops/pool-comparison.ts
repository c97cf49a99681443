import { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'
import { cast, equal } from './compare.ts'
import { einsum, product, reshapeBy, spatialShape } from './conv-emit.ts'
import type { Geometry } from './conv-geometry.ts'
import { byTap, counted, placesOf, readersOf, type Places } from './conv-places.ts'
import { mul } from './elementwise.ts'
import { gatherPlaces, lowest } from './gather-places.ts'
import { reduceMax } from './reduce.ts'

/**
 * Gradient of MaxPool where there are no indices, as on WebGPU: of each window, the first tap that equals the maximum is
 * the one, and each position of `x` takes dy of those windows in which it is that tap. Products with numbers of bools take
 * half of what `Where` takes there.
 */
export function maxPoolGradByComparison(x: Value, dy: Value, y: Value, geometry: Geometry): Value {
  const sizes = spatialShape(x)
  const places = placesOf(geometry, sizes, spatialShape(dy), product(sizes))
  const shares = sharesOf(chosenTap(byChannel(x), byTapAndWindow(y), places), byTapAndWindow(dy), places)
  return reshapeBy(sumOfReaders(shares, places, product(sizes)), [0, x.dim(1), ...sizes], x.shape)
}

/** dy of each window for the tap that is `chosen`, and zeros for the others: `[N, C, taps · windows]`. */
function sharesOf(chosen: Value, dy: Value, { windows, taps }: Places): Value {
  const [batch, channels] = [dy.shape[0]!, dy.dim(1)]
  const flags = cast(equal(chosen, tapsLeft(dy, taps)), dy.dtype)
  return reshapeBy(mul(flags, dy), [0, channels, taps * windows], [batch, channels, taps * windows])
}

/** For each of `size` positions, the sum of the shares of those windows' taps that read it. */
function sumOfReaders(shares: Value, places: Places, size: number): Value {
  const [batch, channels, { windows, taps }] = [shares.shape[0]!, shares.dim(1), places]
  const { readers, most } = readersOf(places, size, -1)
  const ofReader = readers.map((reader) =>
    reader < 0 ? 0 : (reader % taps) * windows + Math.floor(reader / taps),
  )
  const isReader = numbers(
    shares,
    readers.map((reader) => Number(reader >= 0)),
    [size, most],
  )
  const picked = gatherPlaces(shares, 2, ofReader)
  const apart = reshapeBy(picked, [0, channels, size, most], [batch, channels, size, most])
  return einsum('nclp,lp->ncl', [apart, isReader], [batch, channels, size])
}

/** The taps of each window that are left from the first on that equals its maximum `y`: `[N, C, 1, windows]`. */
function chosenTap(x: Value, y: Value, places: Places): Value {
  const [batch, channels, { windows, taps }] = [x.shape[0]!, x.dim(1), places]
  const picked = gatherPlaces(x, 2, byTap(places), lowest)
  const columns = reshapeBy(picked, [0, channels, taps, windows], [batch, channels, taps, windows])
  const left = mul(cast(equal(columns, y), x.dtype), tapsLeft(x, taps))
  return reduceMax(left, [2], { keepDims: true })
}

/** `[N, C, …]` → `[N, C, positions]`. */
function byChannel(x: Value): Value {
  const [channels, size] = [x.dim(1), product(spatialShape(x))]
  return reshapeBy(x, [0, channels, size], [x.shape[0]!, channels, size])
}

/** `[N, C, …windows]` → `[N, C, 1, windows]`. */
function byTapAndWindow(y: Value): Value {
  const [channels, windows] = [y.dim(1), product(spatialShape(y))]
  return reshapeBy(y, [0, channels, 1, windows], [y.shape[0]!, channels, 1, windows])
}

/** `[taps, 1]`: how many taps there are from each one on. */
const tapsLeft = (x: Value, taps: number): Value =>
  numbers(
    x,
    counted(taps).map((tap) => taps - tap),
    [taps, 1],
  )

const numbers = (x: Value, values: readonly number[], shape: readonly number[]): Value =>
  x.graph.constant(new Tensor('float32', Float32Array.from(values), shape))
