import { create } from '@bufbuild/protobuf'
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  OperatorSetIdProtoSchema,
  type ModelProto,
  type NodeProto,
  type TensorProto,
} from 'onnx-buf'

import { ArgumentError, GraphError } from '../core/errors.ts'
import { dropUnusedWeights, weightsOf } from './onnx-proto.ts'

/** The operator sets that can be written. Graphs are built in opset 18. */
export const opsets = { lowest: 13, highest: 22, own: 18 } as const

/** The version of ONNX's file format that came with each operator set. @see https://onnx.ai/onnx/repo-docs/Versioning.html */
const irVersions = new Map(
  Object.entries({ 13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10 }),
)

/** Operators that came late, or whose meaning here did, and when. */
const since: Readonly<Record<string, number>> = {
  HardSwish: 14,
  Trilu: 14,
  GridSample: 16,
  LayerNormalization: 17,
  BitwiseAnd: 18,
  CenterCropPad: 18,
  Col2Im: 18,
  GroupNormalization: 18,
  Mish: 18,
  Resize: 18,
  Gelu: 20,
  RMSNormalization: 23,
}

/** Throws {@link ArgumentError} for an operator set that can't be written. */
export function checkOpset(opset: number): void {
  const { lowest, highest } = opsets
  if (Number.isInteger(opset) && opset >= lowest && opset <= highest) return
  throw new ArgumentError(
    `opset ${opset} can't be written: give a whole number from ${lowest} to ${highest}, or leave it out for ${opsets.own}`,
  )
}

/**
 * Makes a model one of another operator set.
 *
 * @throws {@link GraphError} naming the node whose operator that set has not.
 */
export function setOpset(model: ModelProto, opset: number): void {
  const graph = model.graph!
  for (const node of graph.node) {
    const needed = since[node.opType] ?? 0
    if (node.domain === '' && needed > opset) {
      throw new GraphError(`${node.opType} (node ${node.name}) needs opset ${needed} or later, not ${opset}`)
    }
  }
  if (opset < 18) {
    const weights = weightsOf(graph)
    for (const node of graph.node) moveAxes(node, weights)
    dropUnusedWeights(graph)
  }
  const domains = new Map(graph.node.map(({ domain }) => [domain, 1]))
  const imports = [...domains.set('', opset)].map(([domain, version]) => ({
    domain,
    version: BigInt(version),
  }))
  model.irVersion = BigInt(irVersions.get(String(opset))!)
  model.opsetImport = imports.map((item) => create(OperatorSetIdProtoSchema, item))
}

/** Reductions but `ReduceSum` took their axes as an attribute before opset 18. */
function moveAxes(node: NodeProto, weights: ReadonlyMap<string, TensorProto>): void {
  if (!node.opType.startsWith('Reduce') || node.opType === 'ReduceSum') return
  const axes = weights.get(node.input[1] ?? '')
  if (!axes) return
  const { buffer, byteOffset, byteLength } = axes.rawData
  const ints = [...new BigInt64Array(buffer.slice(byteOffset, byteOffset + byteLength))]
  node.input = node.input.slice(0, 1)
  node.attribute.push(create(AttributeProtoSchema, { name: 'axes', type: AttributeType.INTS, ints }))
}
