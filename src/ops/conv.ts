import { GraphError } from '../core/errors.ts'
import type { Node, Value } from '../graph/graph.ts'
import { imageToColumns } from './conv-columns.ts'
import { emit, product, reshapeBy, spatialShape, sumPerChannel } from './conv-emit.ts'
import { forwardForm, type ForwardForm } from './conv-formulations.ts'
import {
  geometryAttributes,
  geometryOf,
  geometryOfNode,
  windowsOf,
  type WindowOptions,
} from './conv-geometry.ts'
import { convGradInput, convGradWeight } from './conv-gradients.ts'
import { gatheredConv } from './conv-gathered.ts'
import { joinedColumns, splitSamples } from './conv-joined.ts'
import { add } from './elementwise.ts'
import type { LoweringTarget, OpDefinition } from './registry.ts'

/** Options of {@link conv}. */
export interface ConvOptions extends WindowOptions {
  /** Channels are split into so many groups that don't see each other. Default: 1. */
  readonly group?: number | undefined
}

/**
 * Convolution of `x` `[N, C, …]` with `w` `[O, C / group, …kernel]` and an optional `bias` `[O]`.
 *
 * @throws {@link GraphError} if the channels don't fit or no window does.
 * @see https://onnx.ai/onnx/operators/onnx__Conv.html
 */
export function conv(x: Value, w: Value, bias?: Value, options: ConvOptions = {}): Value {
  const group = options.group ?? 1
  const [out, channels, ...kernel] = w.fixedShape()
  if (x.rank !== w.rank || x.dim(1) !== channels! * group || out! % group !== 0) {
    throw new GraphError(
      `conv of ${x.toString()} with weights ${w.toString()} in ${group} group(s): expected weights [O, C / group, …kernel], O a multiple of the groups`,
    )
  }
  const geometry = geometryOf(kernel, options, group)
  const shape = [x.shape[0]!, out!, ...windowsOf(geometry, spatialShape(x), x)]
  const opType = w.constant ? 'Conv' : 'onnx-finetune.Conv'
  return emit(opType, bias ? [x, w, bias] : [x, w], shape, geometryAttributes(geometry))
}

function gradient(node: Node, [dy]: readonly (Value | undefined)[], needs: readonly boolean[]) {
  const geometry = geometryOfNode(node)
  return [
    needs[0] ? convGradInput(dy!, node.input(1), geometry, node.input(0)) : undefined,
    needs[1] ? convGradWeight(node.input(0), dy!, geometry, node.input(1)) : undefined,
    needs[2] ? sumPerChannel(dy!) : undefined,
  ]
}

/** The form of a convolution whose weights change. */
function formOf(node: Node, target: LoweringTarget): ForwardForm {
  const work = { channels: node.input(0).dim(1), positions: product(spatialShape(node.output())) }
  return forwardForm(geometryOfNode(node), work, target)
}

/** Without prepacking the weights. */
function lower(node: Node, target: LoweringTarget): Value[] {
  const [geometry, y, form] = [geometryOfNode(node), node.output(), formOf(node, target)]
  const windows = spatialShape(y)
  if (form === 'conv') return [emit('Conv', node.inputs, y.shape, node.attributes)]
  const [x, w, bias] = node.inputs
  if (form === 'gathered') return [gatheredConv(x!, w!, bias, geometry, windows)]
  const [out, taps] = [y.dim(1), product(w!.fixedShape().slice(1))]
  const rows = reshapeBy(w!, [out, taps], [out, taps])
  const image = {
    joined: () =>
      splitSamples(emit('Gemm', [rows, joinedColumns(x!, geometry, windows)], [out, 'N·L']), y.shape),
    columns: () => productOfEach(rows, imageToColumns(x!, geometry, windows, 'oneHot'), y),
  }[form]()
  const ones = windows.map(() => 1)
  return [bias ? add(image, reshapeBy(bias, [out, ...ones], [out, ...ones])) : image]
}

/** `rows` `[O, C · taps]` by the columns of each sample. */
function productOfEach(rows: Value, columns: Value, y: Value): Value {
  const [[out, taps], windows] = [rows.fixedShape(), spatialShape(y)]
  const positions = product(windows)
  const flat = reshapeBy(columns, [0, taps!, positions], [y.shape[0]!, taps!, positions])
  const sums = emit('MatMul', [rows, flat], [y.shape[0]!, out!, positions])
  return reshapeBy(sums, [0, out!, ...windows], y.shape)
}

/** Definitions of the convolution. */
export const convOps: OpDefinition[] = [
  // WebGPU packs no weights: constant ones are like those that change.
  {
    type: 'Conv',
    gradient,
    lower,
    lowerOn: ['webgpu'],
    lowerWhen: (node, target) => formOf(node, target) !== 'conv',
  },
  { type: 'onnx-finetune.Conv', gradient, lower },
]
