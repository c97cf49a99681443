import { create } from '@bufbuild/protobuf'
import {
  NodeProtoSchema,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
  type AttributeProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from 'onnx-buf'

/** Short forms for the passes of an export, which work on ONNX's own messages: these have float16 and int8, `Graph` has not. */

/** A node. */
export function nodeOf(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attribute: readonly AttributeProto[] = [],
): NodeProto {
  const name = `${output[0] ?? ''}/${opType}`
  return create(NodeProtoSchema, {
    opType,
    name,
    input: [...input],
    output: [...output],
    attribute: [...attribute],
  })
}

/** A weight over `data`, which isn't copied. */
export function tensorOf(
  name: string,
  dims: readonly number[],
  data: Float32Array | Int8Array | Uint16Array | BigInt64Array,
): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: dataTypeOf(data),
    rawData: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
  })
}

/** 16-bit words are float16's. */
function dataTypeOf(data: Float32Array | Int8Array | Uint16Array | BigInt64Array): DataType {
  if (data instanceof Float32Array) return DataType.FLOAT
  if (data instanceof Int8Array) return DataType.INT8
  return data instanceof Uint16Array ? DataType.FLOAT16 : DataType.INT64
}

/** The numbers of a float32 weight; `undefined` for others. */
export function floatsOf(tensor: TensorProto | undefined): Float32Array | undefined {
  if (tensor?.dataType !== (DataType.FLOAT as number)) return undefined
  const { buffer, byteOffset, byteLength } = tensor.rawData
  return new Float32Array(buffer, byteOffset, byteLength / 4)
}

/** Sizes as numbers. */
export const dimsOf = (tensor: TensorProto): number[] => tensor.dims.map(Number)

/** Weights by name. */
export function weightsOf(graph: GraphProto): Map<string, TensorProto> {
  return new Map(graph.initializer.map((tensor) => [tensor.name, tensor]))
}

/** How often each value is read, outputs of the graph included. */
export function usesOf(graph: GraphProto): Map<string, number> {
  const uses = new Map<string, number>()
  const names = [...graph.node.flatMap(({ input }) => input), ...graph.output.map(({ name }) => name)]
  for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1)
  return uses
}

/** Drops weights that no node reads any more. */
export function dropUnusedWeights(graph: GraphProto): void {
  const uses = usesOf(graph)
  graph.initializer = graph.initializer.filter(({ name }) => uses.has(name))
}

/** Calls values otherwise, wherever they are made or read; weights too. */
export function renameValues(graph: GraphProto, rename: (name: string) => string): void {
  const renamed = (names: readonly string[]): string[] =>
    names.map((name) => (name === '' ? '' : rename(name)))
  for (const node of graph.node) {
    node.input = renamed(node.input)
    node.output = renamed(node.output)
  }
  for (const item of [...graph.initializer, ...graph.input, ...graph.output]) item.name = rename(item.name)
}
