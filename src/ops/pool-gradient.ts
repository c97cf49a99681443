import { Tensor } from '../core/tensor.ts'
import { Graph, type Node, type Value } from '../graph/graph.ts'
import { ints } from './constants.ts'
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

/**
 * MaxPool's indices count through the whole of its input, and name the first of equal maxima. Image by image:
 * ScatterElements copies all indices into memory that it takes from the system and gives back at every run, which took
 * 26 ms for a batch of 4 in some processes, and takes 3.5 in all for single images.
 */
function byIndices(node: Node, x: Value, dy: Value): Value {
  const [batch, [shape, windows]] = [x.shape[0]!, [x, dy].map((value) => imageShape(value))]
  const [size, count] = [product(shape!), product(windows!)]
  const images = reshapeBy(x, [0, 1, ...shape!], [batch, 1, ...shape!])
  const shares = reshapeBy(dy, [0, count], [batch, count])
  const body = new Graph('body/')
  const image = body.input('body/x', x.dtype, [1, ...shape!])
  const types = [x.dtype, 'int64' as const].map((dtype) => ({ dtype, shape: [1, ...windows!] }))
  const indices = body.add('MaxPool', [image], node.attributes, types).output(1)
  const zero = { value: { tensor: Tensor.full([1], 0, x.dtype) } }
  const zeros = body.add('ConstantOfShape', [ints(body, [size])], zero, [{ dtype: x.dtype, shape: [size] }])
  const updates = body.input('body/dy', dy.dtype, [count])
  const inputs = [zeros.output(), reshapeBy(indices, [count], [count]), updates]
  const reduction = { axis: { int: 0 }, reduction: { string: 'add' } }
  body.output(emit('ScatterElements', inputs, [size], reduction))
  const attributes = { body: { graph: body }, num_scan_inputs: { int: 2 } }
  return reshapeBy(emit('Scan', [images, shares], [batch, size], attributes), [0, ...shape!], x.shape)
}

/** The sizes after the batch. */
const imageShape = (value: Value): number[] => value.shape.slice(1).map((_, axis) => value.dim(axis + 1))

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
