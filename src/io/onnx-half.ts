import { create } from '@bufbuild/protobuf'
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  TensorProto_DataType as DataType,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from 'onnx-buf'

import { float32ToFloat16 } from '../core/float16.ts'
import { dimsOf, floatsOf, nodeOf, tensorOf } from './onnx-proto.ts'

/** Smaller weights (biases, statistics) stay as they are: they cost nothing and matter more. */
const smallest = 1024

/** The largest number that rounds to a finite float16. */
const largestHalf = 65_519

/**
 * Stores large weights as float16, with a `Cast` back to float32 before their use: half the file, and every runtime computes
 * as before (ONNX Runtime casts once, when it makes the session). Weights beyond float16's range stay float32.
 */
export function halveWeights(graph: GraphProto): void {
  const casts: NodeProto[] = []
  const wide = new Map<string, string>()
  graph.initializer = graph.initializer.map((tensor) => {
    const half = halved(tensor)
    if (!half) return tensor
    wide.set(tensor.name, `${tensor.name}/float32`)
    casts.push(castToFloat(tensor.name, `${tensor.name}/float32`))
    return half
  })
  for (const node of graph.node) node.input = node.input.map((name) => wide.get(name) ?? name)
  graph.node = [...casts, ...graph.node]
}

/** `input` as float32, under the name `output`. */
export function castToFloat(input: string, output: string): NodeProto {
  const to = create(AttributeProtoSchema, { name: 'to', type: AttributeType.INT, i: BigInt(DataType.FLOAT) })
  return nodeOf('Cast', [input], [output], [to])
}

function halved(tensor: TensorProto): TensorProto | undefined {
  const floats = floatsOf(tensor)
  if (!floats || floats.byteLength < smallest) return undefined
  if (!floats.every((value) => Math.abs(value) <= largestHalf)) return undefined
  return tensorOf(tensor.name, dimsOf(tensor), float32ToFloat16(floats))
}
