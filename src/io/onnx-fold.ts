import type { GraphProto, NodeProto, TensorProto } from 'onnx-buf'

import { dimsOf, dropUnusedWeights, floatsOf, tensorOf, usesOf, weightsOf } from './onnx-proto.ts'

/**
 * Folds each `BatchNormalization` that follows a `Conv` into the convolution's weights: with s = γ / √(variance + ε),
 * w' = w · s and b' = (b − mean) · s + β, computed in float64 and rounded once. One after anything else stays.
 *
 * @see https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
 */
export function foldBatchNorm(graph: GraphProto): void {
  const weights = weightsOf(graph)
  const uses = usesOf(graph)
  const makers = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)))
  const folded = new Set<NodeProto>()
  for (const norm of graph.node) {
    const conv = makers.get(norm.input[0]!)
    const isPair = norm.opType === 'BatchNormalization' && conv?.opType === 'Conv'
    // The weights are changed: nothing else may read them, nor the convolution's own output.
    const isOwn = isPair && uses.get(conv.output[0]!) === 1 && uses.get(conv.input[1]!) === 1
    const merged = isOwn && mergedWeights(conv, norm, weights)
    if (!merged) continue
    for (const tensor of merged) weights.set(tensor.name, tensor)
    conv.input = [conv.input[0]!, ...merged.map(({ name }) => name)]
    conv.output = [...norm.output]
    makers.set(norm.output[0]!, conv)
    folded.add(norm)
  }
  graph.node = graph.node.filter((node) => !folded.has(node))
  graph.initializer = [...weights.values()]
  dropUnusedWeights(graph)
}

function mergedWeights(
  conv: NodeProto,
  norm: NodeProto,
  weights: ReadonlyMap<string, TensorProto>,
): [TensorProto, TensorProto] | undefined {
  const weight = weights.get(conv.input[1]!)
  const w = floatsOf(weight)
  const [scale, shift, mean, variance] = norm.input.slice(1).map((name) => floatsOf(weights.get(name)))
  const bias = conv.input[2] === undefined ? undefined : floatsOf(weights.get(conv.input[2]))
  if (!weight || !w || !scale || !shift || !mean || !variance || (conv.input[2] !== undefined && !bias))
    return undefined
  const epsilon = norm.attribute.find(({ name }) => name === 'epsilon')?.f ?? 1e-5
  const each = w.length / scale.length
  const factors = Float64Array.from(
    scale,
    (value, channel) => value / Math.sqrt(variance[channel]! + epsilon),
  )
  const newWeights = w.map((value, index) => value * factors[Math.floor(index / each)]!)
  const newBias = shift.map(
    (value, channel) => ((bias?.[channel] ?? 0) - mean[channel]!) * factors[channel]! + value,
  )
  const biasName = `${weight.name.replace(/\.?weight$/, '')}.bias`.replace(/^\./, '')
  const isTaken = weights.has(biasName) && biasName !== conv.input[2]
  return [
    tensorOf(weight.name, dimsOf(weight), newWeights),
    tensorOf(isTaken ? `${weight.name}/bias` : biasName, [newBias.length], newBias),
  ]
}
