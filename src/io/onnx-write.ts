import { nextTurn } from '#platform'
import { create, toBinary } from '@bufbuild/protobuf'
import {
  GraphProtoSchema,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProtoSchema,
  type ModelProto,
  type TensorProto,
} from 'onnx-buf'

import { ArgumentError } from '../core/errors.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** protobuf's limit: sizes are signed 32-bit numbers. */
export const largestModel = 2 ** 31 - 1

/** Weights in a file of their own begin at multiples of a page, so that they can be mapped into memory. */
const pageSize = 4096

/** Smaller weights stay in the model: runtimes need some of them, such as shapes, before they read the file. */
const smallestExternal = 1024

/** Numbers of fields in ONNX's messages, with wire type 2 (a length, then as many bytes). */
const tags = { graph: (7 << 3) | 2, initializer: (5 << 3) | 2, rawData: (9 << 3) | 2 }

/** How many bytes are copied between two turns of the event loop. */
const bytesPerTurn = 8 << 20

/**
 * A model's bytes. The messages' own writer copies the weights at every level of nesting; here they are copied once, straight
 * to their place.
 *
 * @throws {@link ArgumentError} beyond 2 GB.
 */
export async function encodeModel(model: ModelProto): Promise<Bytes> {
  const { graph, ...rest } = model
  const { initializer, ...nodes } = graph!
  const tensors = initializer.flatMap(tensorPieces)
  const body = [
    toBinary(GraphProtoSchema, create(GraphProtoSchema, { ...nodes, initializer: [] })),
    ...tensors,
  ]
  const head = toBinary(ModelProtoSchema, create(ModelProtoSchema, rest))
  return joinInTurns([head, varints(tags.graph, lengthOf(body)), ...body])
}

/** The model with its large weights taken out, to lie in a file named `location`, and that file's bytes. */
export async function moveWeightsOut(model: ModelProto, location: string): Promise<Bytes> {
  const pieces: Uint8Array[] = []
  let offset = 0
  model.graph!.initializer = model.graph!.initializer.map((tensor) => {
    const { length } = tensor.rawData
    if (length < smallestExternal) return tensor
    const padding = (pageSize - (offset % pageSize)) % pageSize
    pieces.push(new Uint8Array(padding), tensor.rawData)
    const moved = external(tensor, { location, offset: offset + padding, length })
    offset += padding + length
    return moved
  })
  return joinInTurns(pieces, Number.MAX_SAFE_INTEGER)
}

function external(
  { name, dims, dataType }: TensorProto,
  place: { readonly location: string; readonly offset: number; readonly length: number },
): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims,
    dataType,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries(place).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value: String(value) }),
    ),
  })
}

function tensorPieces(tensor: TensorProto): Uint8Array[] {
  const { rawData, name, dims, dataType, dataLocation, externalData } = tensor
  const head = toBinary(
    TensorProtoSchema,
    create(TensorProtoSchema, { name, dims, dataType, dataLocation, externalData }),
  )
  if (rawData.length === 0) return [varints(tags.initializer, head.length), head]
  const lead = varints(tags.rawData, rawData.length)
  return [varints(tags.initializer, head.length + lead.length + rawData.length), head, lead, rawData]
}

const lengthOf = (pieces: readonly Uint8Array[]): number =>
  pieces.reduce((sum, { length }) => sum + length, 0)

/** Numbers as protobuf writes them: 7 bits a byte, the lowest first. */
function varints(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(
    values.flatMap((value) => {
      const bytes: number[] = []
      for (let rest = value; ; rest = Math.floor(rest / 128)) {
        if (rest < 128) return [...bytes, rest]
        bytes.push((rest % 128) | 128)
      }
    }),
  )
}

async function joinInTurns(pieces: readonly Uint8Array[], largest = largestModel): Promise<Bytes> {
  const length = lengthOf(pieces)
  if (length > largest) {
    throw new ArgumentError(
      `the model has ${length} bytes, and a .onnx file at most ${largest}: give a path and externalData: true, so that its weights get a file of their own`,
    )
  }
  const joined = new Uint8Array(length)
  let at = 0
  let turn = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
    if (at - turn < bytesPerTurn) continue
    turn = at
    await nextTurn()
  }
  return joined
}
