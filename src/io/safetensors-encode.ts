import { bytesPerElement, type DType } from '../core/dtype.ts'
import { ArgumentError } from '../core/errors.ts'
import { joinBytes } from '../core/join-bytes.ts'
import type { Tensor } from '../core/tensor.ts'

const names: Readonly<Record<DType, string>> = {
  float32: 'F32',
  float64: 'F64',
  int32: 'I32',
  int64: 'I64',
  uint8: 'U8',
  bool: 'BOOL',
}

/**
 * The bytes of a `.safetensors` file. The header lists the tensors in the order of `tensors`; their data lie with the
 * widest elements first, so that each is aligned, as the reference implementation lays them.
 *
 * @throws {@link ArgumentError} for a tensor named `__metadata__`: the format keeps that name.
 * @see https://github.com/huggingface/safetensors#format
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  return joinBytes(safetensorsPieces(tensors, metadata))
}

/**
 * The same in pieces that make up the file one after the other: the header, and windows on the memory of the tensors. The
 * last of the narrowest tensors comes last.
 */
export function safetensorsPieces(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  if (tensors.has('__metadata__')) {
    throw new ArgumentError(
      "a tensor is named '__metadata__', which .safetensors keeps for texts: rename the tensor, or pass metadata",
    )
  }
  const width = ({ dtype }: Tensor): number => bytesPerElement(dtype)
  const laidOut = [...tensors].sort(([, a], [, b]) => width(b) - width(a))
  const starts = new Map<string, number>()
  let at = 0
  for (const [name, { data }] of laidOut) {
    starts.set(name, at)
    at += data.byteLength
  }
  const header = encodeHeader(tensors, starts, metadata)
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true)
  const data = laidOut.map(
    ([, tensor]) => new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength),
  )
  return [length, header, ...data]
}

/** JSON, padded with blanks so that the data begin at a multiple of 8. */
function encodeHeader(
  tensors: ReadonlyMap<string, Tensor>,
  starts: ReadonlyMap<string, number>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries = [...tensors].map(([name, { dtype, shape, data }]): [string, unknown] => {
    const start = starts.get(name)!
    return [name, { dtype: names[dtype], shape, data_offsets: [start, start + data.byteLength] }]
  })
  if (Object.keys(metadata).length > 0) entries.unshift(['__metadata__', metadata])
  // Joined by hand: an object would move names that look like numbers to the front.
  const text = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')
  const json = new TextEncoder().encode(`{${text}}`)
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20)
  padded.set(json)
  return padded
}
