import { create, toBinary } from '@bufbuild/protobuf'
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type ModelProto,
  type TensorProto,
} from 'onnx-buf'

import type { Tensor } from '../core/tensor.ts'
import { dataTypeOf } from './data-type.ts'
import type { AttributeValue, Graph, Node, Value } from './graph.ts'
import { liveNodes } from './rewrite.ts'

/** The operator set that graphs are written in. */
export const opset = 18

/**
 * A graph as the bytes of an ONNX model: live nodes only, constants as initializers, every size of inputs and outputs declared.
 *
 * @see https://github.com/onnx/onnx/blob/main/docs/IR.md
 */
export function serialize(graph: Graph): Uint8Array<ArrayBuffer> {
  return toBinary(ModelProtoSchema, modelProto(graph, tensorProto))
}

/** A model whose large constants lie beside it. */
export interface SerializedApart {
  readonly model: Uint8Array<ArrayBuffer>
  /** The constants that `model` names as external data, by their location; not copied. */
  readonly weights: Readonly<Record<string, Tensor>>
}

/** Smaller constants stay in the model: ONNX Runtime reads shapes from them before it has the others. */
const smallestApart = 1024

/**
 * A graph as {@link serialize} writes it, but for its large constants: writing a ResNet-18's weights into the model
 * held up the caller's thread for half a second. `pause` comes between its two halves. Constants in `apart` lie outside of
 * the model however small they are.
 *
 * @see https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
 */
export async function serializeApart(
  graph: Graph,
  pause: () => Promise<void>,
  apart: ReadonlySet<string> = new Set(),
): Promise<SerializedApart> {
  const weights: Record<string, Tensor> = {}
  const model = modelProto(graph, (tensor, name) => {
    if (tensor.data.byteLength < smallestApart && !apart.has(name)) return tensorProto(tensor, name)
    weights[name] = tensor
    return externalProto(tensor, name)
  })
  await pause()
  return { model: toBinary(ModelProtoSchema, model), weights }
}

/** {@link serialize}, before it becomes bytes: for export, which changes it further. */
export function modelProto(
  graph: Graph,
  initializer: (tensor: Tensor, name: string) => TensorProto = tensorProto,
): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'onnx-finetune',
    opsetImport: [
      create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(opset) }),
      create(OperatorSetIdProtoSchema, { domain: 'com.microsoft', version: 1n }),
    ],
    graph: graphProto(graph, initializer),
  })
}

function graphProto(graph: Graph, initializer: typeof tensorProto): GraphProto {
  const nodes = liveNodes(graph)
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...graph.outputs])
  return create(GraphProtoSchema, {
    name: 'graph',
    node: nodes.map(nodeProto),
    initializer: graph.constants
      .filter((value) => used.has(value))
      .map((value) => initializer(value.constant!, value.name)),
    input: graph.inputs.map(valueInfo),
    output: graph.outputs.map(valueInfo),
  })
}

function nodeProto(node: Node) {
  const [operator, domain] = splitDomain(node.opType)
  return create(NodeProtoSchema, {
    opType: operator,
    domain,
    name: node.outputs[0] ? `${node.scope}/${node.outputs[0].name}` : node.scope,
    input: trimEnd(node.inputs.map((value) => value?.name ?? '')),
    output: node.outputs.map((value) => value.name),
    attribute: Object.entries(node.attributes).map(([name, value]) => attributeProto(name, value)),
  })
}

/** `com.microsoft.FusedMatMul` → operator and domain. */
function splitDomain(opType: string): [string, string] {
  const dot = opType.lastIndexOf('.')
  return [opType.slice(dot + 1), opType.slice(0, Math.max(dot, 0))]
}

function trimEnd(names: string[]): string[] {
  while (names.at(-1) === '') names.pop()
  return names
}

function attributeProto(name: string, value: AttributeValue) {
  if ('int' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value.int) })
  if ('float' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float })
  if ('ints' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.ints.map(BigInt) })
  if ('floats' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOATS, floats: [...value.floats] })
  if ('string' in value) {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeType.STRING,
      s: new TextEncoder().encode(value.string),
    })
  }
  if ('graph' in value) {
    const body = graphProto(value.graph, tensorProto)
    return create(AttributeProtoSchema, { name, type: AttributeType.GRAPH, g: body })
  }
  return create(AttributeProtoSchema, { name, type: AttributeType.TENSOR, t: tensorProto(value.tensor, '') })
}

function tensorProto(tensor: Tensor, name: string) {
  const { buffer, byteOffset, byteLength } = tensor.data
  return create(TensorProtoSchema, {
    name,
    dims: tensor.shape.map(BigInt),
    dataType: dataTypeOf(tensor.dtype),
    rawData: new Uint8Array(buffer, byteOffset, byteLength),
  })
}

function externalProto(tensor: Tensor, name: string) {
  return create(TensorProtoSchema, {
    name,
    dims: tensor.shape.map(BigInt),
    dataType: dataTypeOf(tensor.dtype),
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [create(StringStringEntryProtoSchema, { key: 'location', value: name })],
  })
}

function valueInfo(value: Value) {
  const dim = value.shape.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof size === 'number'
          ? { case: 'dimValue', value: BigInt(size) }
          : { case: 'dimParam', value: size },
    }),
  )
  const tensorType = create(TypeProto_TensorSchema, {
    elemType: dataTypeOf(value.storage),
    shape: create(TensorShapeProtoSchema, { dim }),
  })
  return create(ValueInfoProtoSchema, {
    name: value.name,
    type: create(TypeProtoSchema, { value: { case: 'tensorType', value: tensorType } }),
  })
}
