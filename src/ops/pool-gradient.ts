import { Tensor } from '../core/tensor.ts'
import type { Node, Value } from '../graph/graph.ts'
import { padSpatial, strided, tapOffsets } from './conv-columns.ts'
import { emit, product, reshapeBy, spatialShape } from './conv-emit.ts'
import { extent, geometryAttributes, geometryOfNode, outputPadding, type Geometry } from './conv-geometry.ts'
import type { LoweringTarget } from './registry.ts'

/** Lower than any finite input, and finite itself: 0 times it is 0. */
const lowest = -3.4e38

/** Gradient of MaxPool from `x`, `dy` and `y`. */
export function lowerMaxPoolGradient(node: Node, target: LoweringTarget): Value[] {
  const [x, dy, y] = [node.input(0), node.input(1), node.input(2)]
  return [target.device === 'webgpu' ? byComparison(x, dy, y, geometryOfNode(node)) : byIndices(node, x, dy)]
}

/** MaxPool's indices count through the whole of `x`, and name the first of equal maxima. */
function byIndices(node: Node, x: Value, dy: Value): Value {
  const types = [dy, { dtype: 'int64' as const, shape: dy.shape }]
  const indices = x.graph.add('MaxPool', [x], node.attributes, types).output(1)
  const shape = x.graph.add('Shape', [x], {}, [{ dtype: 'int64', shape: [x.rank] }]).output()
  const zero = { value: { tensor: Tensor.full([1], 0, x.dtype) } }
  const zeros = x.graph.add('ConstantOfShape', [shape], zero, [x]).output()
  const [data, at, updates] = [zeros, indices, dy].map((value) => reshapeBy(value, [-1], ['all']))
  const sums = emit('ScatterElements', [data, at, updates], ['all'], {
    axis: { int: 0 },
    reduction: { string: 'add' },
  })
  return emit('Reshape', [sums, shape], x.shape)
}

/**
 * Without indices (WebGPU has none): tap by tap, dy goes to where the tap equals the maximum and no tap before did;
 * a transposed convolution with one-hot weights brings the taps back to their places.
 */
function byComparison(x: Value, dy: Value, y: Value, geometry: Geometry): Value {
  const windows = spatialShape(dy)
  const [begins, spans] = [geometry.pads.slice(0, geometry.kernel.length), extent(geometry)]
  const needed = windows.map((count, axis) => (count - 1) * geometry.strides[axis]! + spans[axis]!)
  const ends = needed.map((size, axis) => Math.max(0, size - begins[axis]! - spatialShape(x)[axis]!))
  const padded = padSpatial(x, [...begins, ...ends], lowest)
  const zero = x.graph.constant(Tensor.full([], 0, x.dtype))
  let left = dy
  const shares = tapOffsets(geometry).map((starts) => {
    const tap = strided(padded, starts, geometry.strides, windows)
    const hit = x.graph.add('Equal', [tap, y], {}, [{ dtype: 'bool', shape: dy.shape }]).output()
    const share = x.graph.add('Where', [hit, left, zero], {}, [dy]).output()
    left = x.graph.add('Where', [hit, zero, left], {}, [dy]).output()
    return share
  })
  return scatterTaps(shares, x, { ...geometry, pads: [...begins, ...ends] }, windows)
}

/** Taps are stacked channel by channel, so each channel is a group of the transposed convolution. */
function scatterTaps(
  shares: readonly Value[],
  x: Value,
  geometry: Geometry,
  windows: readonly number[],
): Value {
  const [batch, channels, taps] = [x.shape[0]!, x.dim(1), product(geometry.kernel)]
  const positions = product(windows)
  const rows = shares.map((share) =>
    reshapeBy(share, [0, channels, 1, positions], [batch, channels, 1, positions]),
  )
  const stacked = emit('Concat', rows, [batch, channels, taps, positions], { axis: { int: 2 } })
  const merged = reshapeBy(stacked, [-1, taps, ...windows], ['N·C', taps, ...windows])
  const filters = new Float32Array(taps * taps)
  for (let tap = 0; tap < taps; tap++) filters[tap * taps + tap] = 1
  const weights = x.graph.constant(new Tensor('float32', filters, [taps, 1, ...geometry.kernel]))
  const added = outputPadding(geometry, spatialShape(x), windows)
  const attributes = { ...geometryAttributes({ ...geometry, group: 1 }), output_padding: { ints: added } }
  const images = emit('ConvTranspose', [merged, weights], ['N·C', 1, ...spatialShape(x)], attributes)
  return reshapeBy(images, [-1, channels, ...spatialShape(x)], x.shape)
}
