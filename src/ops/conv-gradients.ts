import { Tensor } from '../core/tensor.ts'
import { after } from '../graph/after.ts'
import type { Node, Value } from '../graph/graph.ts'
import { imageToColumns } from './conv-columns.ts'
import { einsum, emit, product, reshapeBy, spatialShape, transposeLast } from './conv-emit.ts'
import { reduceSum } from './reduce.ts'
import { transpose } from './reshape.ts'
import { slice } from './slice.ts'
import {
  einsumUpTo,
  forwardForm,
  inputForm,
  weightForm,
  winogradForWeights,
  type WeightForm,
} from './conv-formulations.ts'
import { extent, geometryAttributes, geometryOfNode, outputPadding, type Geometry } from './conv-geometry.ts'
import { gatheredColumns, gatheredConv, scatteredInput } from './conv-gathered.ts'
import { joinedColumns, joinSamples, splitSamples } from './conv-joined.ts'
import { tapsOf } from './conv-places.ts'
import { winogradWeightGradient } from './conv-winograd-weight.ts'
import type { LoweringTarget, OpDefinition } from './registry.ts'

/** Gradient of a convolution's weights, in the shape of `w`: our own operator, written in ONNX's when lowered. */
export function convGradWeight(x: Value, dy: Value, geometry: Geometry, w: Value): Value {
  return emit('onnx-finetune.ConvGradWeight', [x, dy], w.shape, geometryAttributes(geometry))
}

/** Gradient of a convolution's input, in the shape of `x`. */
export function convGradInput(dy: Value, w: Value, geometry: Geometry, x: Value): Value {
  return emit('onnx-finetune.ConvGradInput', [dy, w], x.shape, geometryAttributes(geometry))
}

/** dW[o, ck] = Σ over samples n and positions l of dy[n, o, l] · columns[n, ck, l], for each group. */
function lowerWeight(node: Node, target: LoweringTarget): Value[] {
  const [dy, geometry, shape] = [node.input(1), geometryOfNode(node), node.output().fixedShape()]
  const work = { channels: node.input(0).dim(1), positions: product(spatialShape(dy)) }
  // The forward pass has columns too: to keep them until here took 38 MB of ResNet-18 at batch 4, making them 4 ms.
  const x = forwardForm(geometry, work, target) === 'conv' ? node.input(0) : after(node.input(0), dy)
  return [reshapeBy(weightProduct(x, dy, geometry, weightForm(geometry, work, target)), shape, shape)]
}

function weightProduct(x: Value, dy: Value, geometry: Geometry, form: WeightForm): Value {
  const windows = spatialShape(dy)
  if (form.product === 'joined') return oneProduct(dy, joinedColumns(x, geometry, windows))
  if (form.product === 'gathered') return gatheredWeight(x, dy, geometry)
  const columns = imageToColumns(x, geometry, windows, form.columns)
  return form.product === 'gemm'
    ? oneProduct(dy, joinSamples(columns))
    : batchedProduct(dy, columns, geometry.group, product(windows))
}

/** By Winograd where that is cheaper; else by one product, without the taps that were added to the columns. */
function gatheredWeight(x: Value, dy: Value, geometry: Geometry): Value {
  const windows = spatialShape(dy)
  const winograd = winogradForWeights(geometry, { in: x.dim(1), out: dy.dim(1) }, windows)
  if (winograd) return winogradWeightGradient({ x, dy, geometry, windows }, winograd)
  const columns = gatheredColumns(x, geometry, spatialShape(dy))
  const [out, channels, taps] = [dy.dim(1), x.dim(1), tapsOf(geometry)]
  const all = columns.dim(1) / channels
  const products = productOfColumns(dy, columns)
  const full = reshapeBy(products, [out, channels, all], [out, channels, all])
  return all === taps ? full : slice(full, [0], [taps], { axes: [2] })
}

/** By `Gemm`, or by `Einsum` where much of its tiles would be empty. */
function productOfColumns(dy: Value, columns: Value): Value {
  const [out, width] = [dy.dim(1), columns.dim(1)]
  const [left, right] = [dy, columns].map((value) => {
    const flat = [value.dim(1), product(spatialShape(value))]
    return reshapeBy(value, [0, ...flat], [value.shape[0]!, ...flat])
  }) as [Value, Value]
  if (left.dim(2) <= einsumUpTo) return einsum('nol,nkl->ok', [left, right], [out, width])
  return oneProduct(dy, joinSamples(columns))
}

function oneProduct(dy: Value, columns: Value): Value {
  return emit('Gemm', [joinSamples(dy), columns], [dy.dim(1), columns.dim(0)], { transB: { int: 1 } })
}

function batchedProduct(dy: Value, columns: Value, group: number, positions: number): Value {
  const [left, right] = [dy, columns].map((value) => {
    const shape = [...(group > 1 ? [group] : []), value.dim(1) / group, positions]
    return reshapeBy(value, [0, ...shape], [value.shape[0]!, ...shape])
  })
  const products = emit(
    'MatMul',
    [left, transposeLast(right!)],
    [...left!.shape.slice(0, -1), right!.shape.at(-2)!],
  )
  return reduceSum(products, [0])
}

function lowerInput(node: Node, target: LoweringTarget): Value[] {
  const [dy, w, geometry, x] = [node.input(0), node.input(1), geometryOfNode(node), node.output()]
  const work = { channels: Math.max(x.dim(1), dy.dim(1)), positions: product(spatialShape(dy)) }
  const form = inputForm(geometry, work, target)
  if (form === 'flippedConv') return [flippedConv(dy, w, geometry, x)]
  if (form === 'joined') return [joinedInput(dy, w, geometry, x)]
  if (form === 'gathered')
    return [gatheredConv(dy, w, undefined, backwards(geometry), spatialShape(x), 'back')]
  if (form === 'scattered') return [scatteredInput(dy, w, geometry, x)]
  const added = outputPadding(geometry, spatialShape(x), spatialShape(dy))
  const attributes = { ...geometryAttributes(geometry), output_padding: { ints: added } }
  return [emit('ConvTranspose', [dy, w], x.shape, attributes)]
}

/** With stride 1 the gradient is a convolution too, with weights mirrored and their channels swapped. */
function flippedConv(dy: Value, w: Value, geometry: Geometry, x: Value): Value {
  const [out, channels, ...kernel] = w.fixedShape()
  const taps = product(kernel)
  const swapped = transpose(w, [1, 0, ...kernel.map((_, axis) => axis + 2)])
  const mirrored = taps === 1 ? swapped : mirror(swapped, [channels!, out!], kernel)
  return emit('Conv', [dy, mirrored], x.shape, geometryAttributes(backwards(geometry)))
}

/** The same as one product: columns with their taps mirrored spare the mirroring of the weights. */
function joinedInput(dy: Value, w: Value, geometry: Geometry, x: Value): Value {
  const [out, channels, ...kernel] = w.fixedShape()
  const taps = product(kernel)
  const swapped = transpose(reshapeBy(w, [out!, channels!, taps], [out!, channels!, taps]), [1, 0, 2])
  const rows = reshapeBy(swapped, [channels!, out! * taps], [channels!, out! * taps])
  const columns = joinedColumns(dy, backwards(geometry), spatialShape(x), 'mirrored')
  return splitSamples(emit('Gemm', [rows, columns], [channels!, 'N·L']), x.shape)
}

/** The convolution with stride 1 that goes from `dy` to `x`. */
function backwards(geometry: Geometry): Geometry {
  const reach = extent(geometry).map((span) => span - 1)
  return { ...geometry, pads: geometry.pads.map((pad, axis) => reach[axis % reach.length]! - pad) }
}

/** Reverses the kernel's positions by a product with the anti-identity: a Slice with negative steps is slower. */
function mirror(w: Value, channels: readonly number[], kernel: readonly number[]): Value {
  const taps = product(kernel)
  const anti = new Float32Array(taps * taps)
  for (let row = 0; row < taps; row++) anti[row * taps + taps - 1 - row] = 1
  const rows = product(channels)
  const flat = reshapeBy(w, [rows, taps], [rows, taps])
  const reversed = emit(
    'MatMul',
    [flat, w.graph.constant(new Tensor('float32', anti, [taps, taps]))],
    [rows, taps],
  )
  return reshapeBy(reversed, [...channels, ...kernel], [...channels, ...kernel])
}

/** Definitions of the convolution's gradients. */
export const convGradientOps: OpDefinition[] = [
  { type: 'onnx-finetune.ConvGradWeight', lower: lowerWeight },
  { type: 'onnx-finetune.ConvGradInput', lower: lowerInput },
]
