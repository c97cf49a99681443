import { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'
import { equal, where } from './compare.ts'
import { like } from './constants.ts'
import { einsum, product, reshapeBy, spatialShape } from './conv-emit.ts'
import type { Geometry } from './conv-geometry.ts'
import { byTap, counted, placesOf, readersOf, tapsOf, type Places } from './conv-places.ts'
import { gatherPlaces, lowest } from './gather-places.ts'
import { reduceMax } from './reduce.ts'

/**
 * Gradient of MaxPool where there are no indices, as on WebGPU: of each window, the first tap that equals the maximum is
 * the one, and each position of `x` takes dy of those windows in which it is that tap.
 */
export function maxPoolGradByComparison(x: Value, dy: Value, y: Value, geometry: Geometry): Value {
  const [sizes, taps] = [spatialShape(x), tapsOf(geometry)]
  const [batch, channels, size] = [x.shape[0]!, x.dim(1), product(sizes)]
  const places = placesOf(geometry, sizes, spatialShape(dy), size)
  const chosen = chosenTap(byChannel(x), byChannel(y), places)
  const { readers, most } = readersOf(places, size, -1)
  const ofWindow = readers.map((reader) => Math.max(0, Math.floor(reader / taps)))
  const ofTap = readers.map((reader) => (reader < 0 ? 1 : -(reader % taps)))
  const isChosen = equal(gatherPlaces(chosen, 2, ofWindow), numbers(x, ofTap, [ofTap.length]))
  const shares = where(isChosen, gatherPlaces(byChannel(dy), 2, ofWindow), like(x, 0))
  const apart = reshapeBy(shares, [0, channels, size, most], [batch, channels, size, most])
  return reshapeBy(einsum('nclp->ncl', [apart], [batch, channels, size]), [0, channels, ...sizes], x.shape)
}

/** Which tap of each window is the first to equal its maximum `y`, negated: `[N, C, windows]`. */
function chosenTap(x: Value, y: Value, places: Places): Value {
  const [batch, channels, { windows, taps }] = [x.shape[0]!, x.dim(1), places]
  const picked = gatherPlaces(x, 2, byTap(places), lowest)
  const columns = reshapeBy(picked, [0, channels, taps, windows], [batch, channels, taps, windows])
  const hits = equal(columns, reshapeBy(y, [0, channels, 1, windows], [batch, channels, 1, windows]))
  const negated = counted(taps).map((tap) => -tap)
  return reduceMax(where(hits, numbers(x, negated, [taps, 1]), like(x, -taps)), [2])
}

/** `[N, C, …]` → `[N, C, positions]`. */
function byChannel(x: Value): Value {
  const [channels, size] = [x.dim(1), product(spatialShape(x))]
  return reshapeBy(x, [0, channels, size], [x.shape[0]!, channels, size])
}

const numbers = (x: Value, values: readonly number[], shape: readonly number[]): Value =>
  x.graph.constant(new Tensor('float32', Float32Array.from(values), shape))
