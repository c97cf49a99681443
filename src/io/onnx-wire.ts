import { FileFormatError } from '../core/errors.ts'

/**
 * protobuf's wire format, read field by field: nothing is allocated but what is asked for, so that a hostile file costs no
 * more than its own bytes. (A decoder of whole messages makes objects of everything, up to 8 bytes for each byte of a list.)
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export interface WireField {
  /** The field's number. */
  readonly id: number
  /** Of a varint; above 2^53 it lost digits. Else NaN. */
  readonly number: number
  /** Of a length-delimited field: a text, bytes, a message or a packed list. Else empty. */
  readonly bytes: Uint8Array
}

/**
 * The fields of a message, in their order.
 *
 * @param source - What to call the file in messages.
 * @throws {@link FileFormatError} where `message` is none.
 */
export function* fieldsOf(message: Uint8Array, source: string): Generator<WireField, void> {
  const at = { position: 0 }
  while (at.position < message.length) {
    const tag = readVarint(message, at, source)
    const id = Math.floor(tag / 8)
    if (id < 1 || id > 0x1fff_ffff) throw notOnnx(source, `a field has the number ${id}`)
    switch (tag % 8) {
      case 0:
        yield { id, number: readVarint(message, at, source), bytes: none }
        break
      case 1:
        yield { id, number: NaN, bytes: readBytes(message, at, 8, source) }
        break
      case 2:
        yield { id, number: NaN, bytes: readBytes(message, at, readVarint(message, at, source), source) }
        break
      case 5:
        yield { id, number: NaN, bytes: readBytes(message, at, 4, source) }
        break
      default:
        throw notOnnx(source, `a field has the unknown wire type ${tag % 8}`)
    }
  }
}

const none = new Uint8Array()

/** Numbers of a repeated field, packed or one by one. */
export function numbersOf({ number, bytes }: WireField, source: string): number[] {
  if (!Number.isNaN(number)) return [number]
  const numbers: number[] = []
  const at = { position: 0 }
  while (at.position < bytes.length) numbers.push(readVarint(bytes, at, source))
  return numbers
}

const decoder = new TextDecoder()

/** A text; bytes that are no UTF-8 become question marks. */
export const textOf = ({ bytes }: WireField): string => decoder.decode(bytes)

function readVarint(bytes: Uint8Array, at: { position: number }, source: string): number {
  let value = 0
  let scale = 1
  for (let count = 0; count < 10; count++) {
    const byte = bytes[at.position++]
    if (byte === undefined) throw notOnnx(source, 'it ends within a number')
    value += (byte & 127) * scale
    if (byte < 128) return value
    scale *= 128
  }
  throw notOnnx(source, 'a number has more than 10 bytes')
}

function readBytes(bytes: Uint8Array, at: { position: number }, length: number, source: string): Uint8Array {
  const start = at.position
  if (length > bytes.length - start) {
    throw notOnnx(
      source,
      `it ends within a field: ${length} bytes of it are promised, ${bytes.length - start} follow`,
    )
  }
  at.position = start + length
  return bytes.subarray(start, at.position)
}

/** The file is damaged or of another format. */
export function notOnnx(source: string, how: string): FileFormatError {
  return new FileFormatError(
    `${source} is no whole .onnx file: ${how}. Export it again, or download it again.`,
  )
}
