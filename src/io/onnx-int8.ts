import type { AttributeProto, GraphProto, NodeProto, TensorProto } from 'onnx-buf'

import { castToFloat } from './onnx-half.ts'
import { dimsOf, dropUnusedWeights, floatsOf, nodeOf, tensorOf, weightsOf } from './onnx-proto.ts'

/**
 * The largest quantised weight. 7 bits instead of 8: on processors without VNNI instructions, ONNX Runtime adds two products
 * of a uint8 and an int8 in 16 bits, which 8-bit weights overflow.
 */
const largestWeight = 63

/**
 * Dynamic quantisation: the weights of convolutions and matrix products become int8 with a scale for each output channel, and
 * what is multiplied by them is quantised to uint8 by its own range when the graph runs. A quarter of the file. The
 * range is that of the whole batch, so that a picture's logits depend a little on what is beside it.
 *
 * @see https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
 */
export function quantizeWeights(graph: GraphProto): void {
  const weights = weightsOf(graph)
  const quantized = new Map<string, Quantized>()
  const nodes = graph.node.flatMap((node) => {
    const product = productOf(node, weights)
    if (!product) return [node]
    const [x] = node.input
    const isKnown = quantized.has(x!)
    const input = quantized.get(x!) ?? { bytes: `${x!}/uint8`, scale: `${x!}/scale`, zero: `${x!}/zero` }
    quantized.set(x!, input)
    for (const tensor of [product.weight, product.scale]) weights.set(tensor.name, tensor)
    const dynamic = nodeOf('DynamicQuantizeLinear', [x!], [input.bytes, input.scale, input.zero])
    return [...(isKnown ? [] : [dynamic]), ...integerNodes(node, product, input, weights)]
  })
  graph.node = nodes
  graph.initializer = [...weights.values()]
  dropUnusedWeights(graph)
}

/** Names of an input's bytes, scale and zero point. */
interface Quantized {
  readonly bytes: string
  readonly scale: string
  readonly zero: string
}

/** A product with constant weights, in integers. */
interface IntegerProduct {
  readonly opType: 'ConvInteger' | 'MatMulInteger'
  readonly attributes: readonly AttributeProto[]
  readonly weight: TensorProto
  /** In the output's channels. */
  readonly scale: TensorProto
  readonly bias?: string | undefined
  /** Sizes that a bias needs to meet the output's channels. */
  readonly biasShape: readonly number[]
}

function productOf(node: NodeProto, weights: ReadonlyMap<string, TensorProto>): IntegerProduct | undefined {
  const weight = weights.get(node.input[1] ?? '')
  const floats = floatsOf(weight)
  const bias = node.input[2] === '' ? undefined : node.input[2]
  if (!weight || !floats || (bias !== undefined && !weights.has(bias))) return undefined
  if (node.opType === 'Conv') return convolutionOf(node, weight, floats, bias)
  const matrix = matrixOf(node, dimsOf(weight), floats)
  if (!matrix) return undefined
  const { rows, out, inner } = matrix
  const { data, scales } = quantize(rows, out)
  return {
    opType: 'MatMulInteger',
    attributes: [],
    weight: tensorOf(`${weight.name}/int8`, [inner, out], transposed(data, out, inner)),
    scale: tensorOf(`${weight.name}/scale`, [out], scales),
    bias,
    biasShape: [out],
  }
}

function convolutionOf(
  node: NodeProto,
  weight: TensorProto,
  floats: Float32Array,
  bias: string | undefined,
): IntegerProduct {
  const dims = dimsOf(weight)
  const channels = [1, dims[0]!, ...dims.slice(2).map(() => 1)]
  const { data, scales } = quantize(floats, dims[0]!)
  return {
    opType: 'ConvInteger',
    attributes: node.attribute,
    weight: tensorOf(`${weight.name}/int8`, dims, data),
    scale: tensorOf(`${weight.name}/scale`, channels, scales),
    bias,
    biasShape: channels,
  }
}

/** The weights of a plain x · W + b as rows `[out, inner]`. */
function matrixOf(
  { opType, attribute }: NodeProto,
  dims: readonly number[],
  floats: Float32Array,
): { readonly rows: Float32Array; readonly out: number; readonly inner: number } | undefined {
  if (dims.length !== 2 || !['Gemm', 'MatMul'].includes(opType)) return undefined
  const has = (wanted: string): boolean => attribute.some(({ name, i }) => name === wanted && i === 1n)
  const isScaled = attribute.some(({ name, f }) => (name === 'alpha' || name === 'beta') && f !== 1)
  if (isScaled || has('transA')) return undefined
  const [first, second] = dims as [number, number]
  if (has('transB')) return { rows: floats, out: first, inner: second }
  return { rows: transposed(floats, first, second), out: second, inner: first }
}

/** A `[rows, columns]` matrix as `[columns, rows]`. */
function transposed<T extends Float32Array | Int8Array>(data: T, rows: number, columns: number): T {
  const out = data.slice() as T
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = data[row * columns + column]!
  }
  return out
}

/** Symmetric, with a scale for each of `channels` rows. */
function quantize(floats: Float32Array, channels: number): { data: Int8Array; scales: Float32Array } {
  const each = floats.length / channels
  const data = new Int8Array(floats.length)
  const scales = new Float32Array(channels)
  for (let channel = 0; channel < channels; channel++) {
    const row = floats.subarray(channel * each, (channel + 1) * each)
    const largest = row.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
    const scale = (scales[channel] = largest === 0 ? 1 : largest / largestWeight)
    row.forEach((value, index) => {
      data[channel * each + index] = Math.round(value / scale)
    })
  }
  return { data, scales }
}

/** Integers multiplied, scaled back to floats, and the bias added. */
function integerNodes(
  { output: [y] }: NodeProto,
  { opType, attributes, weight, scale, bias, biasShape }: IntegerProduct,
  input: Quantized,
  weights: Map<string, TensorProto>,
): NodeProto[] {
  const [integers, floats, factor, scaled] = ['int32', 'float32', 'factor', 'scaled'].map(
    (part) => `${y!}/${part}`,
  )
  const nodes = [
    nodeOf(opType, [input.bytes, weight.name, input.zero], [integers!], attributes),
    castToFloat(integers!, floats!),
    nodeOf('Mul', [scale.name, input.scale], [factor!]),
    nodeOf('Mul', [floats!, factor!], [bias === undefined ? y! : scaled!]),
  ]
  if (bias === undefined) return nodes
  const values = floatsOf(weights.get(bias))
  const isReshaped = biasShape.length > 1 && values !== undefined
  const name = isReshaped ? `${bias}/channels` : bias
  if (isReshaped) weights.set(name, tensorOf(name, biasShape, values))
  return [...nodes, nodeOf('Add', [scaled!, name], [y!])]
}
