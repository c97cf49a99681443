import { create } from '@bufbuild/protobuf'
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  TensorProto_DataType as DataType,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from 'onnx-buf'

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

const word = new Uint32Array(1)
const float = new Float32Array(word.buffer)

/** float32 to IEEE half precision as 16-bit words, rounded to the nearest, halves to even. Numbers must be in its range. */
export function float32ToFloat16(floats: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(floats.length)
  for (let index = 0; index < floats.length; index++) halves[index] = toHalf(floats[index]!)
  return halves
}

function toHalf(value: number): number {
  const magnitude = Math.abs(value)
  float[0] = value
  const sign = (word[0]! >>> 16) & 0x8000
  // Below 2^−14 halves are multiples of 2^−24; adding 2^28 · 2^−24 · 1.5 would round twice, so round in float64.
  if (magnitude < 2 ** -14) return sign | roundToEven(magnitude * 2 ** 24)
  float[0] = magnitude
  const bits = word[0]!
  const rounded = bits + 0xfff + ((bits >>> 13) & 1)
  return sign | ((rounded - (112 << 23)) >>> 13)
}

function roundToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
