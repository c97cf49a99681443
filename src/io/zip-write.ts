import { ArgumentError } from '../core/errors.ts'
import { crc32 } from './crc32.ts'
import { joinBytes } from './pieces.ts'

/** A file to put into an archive. */
export interface ZipFile {
  readonly name: string
  readonly bytes: Uint8Array
}

interface Written {
  readonly name: Uint8Array
  readonly offset: number
  readonly size: number
  readonly crc32: number
}

const alignment = 64
const most = 0xffffffff
const utf8 = new TextEncoder()

/**
 * The pieces of an archive of stored files, one after the other, laid out as PyTorch's writer does: each file begins at a
 * multiple of 64 bytes, its size and checksum stand behind it, and the directory has a zip64 end too. The files themselves
 * are pieces, not copies.
 *
 * @throws {@link ArgumentError} if the archive grows beyond 4 GiB.
 * @see https://github.com/pytorch/pytorch/blob/v1.13.1/caffe2/serialize/inline_container.cc
 */
export function* zipPieces(files: Iterable<ZipFile>): Generator<Uint8Array, void, void> {
  const written: Written[] = []
  let at = 0
  for (const { name, bytes } of files) {
    const encoded = utf8.encode(name)
    const entry = { name: encoded, offset: at, size: bytes.length, crc32: crc32(bytes) }
    const pieces = [localHeader(entry), bytes, ...descriptor(entry)]
    at = pieces.reduce((sum, { length }) => sum + length, at)
    if (at > most) {
      throw new ArgumentError(
        'the tensors take more than 4 GiB, which is not written as .pth: write .safetensors instead',
      )
    }
    yield* pieces
    written.push(entry)
  }
  const headers = written.map(directoryHeader)
  yield* headers
  const size = headers.reduce((sum, header) => sum + header.length, 0)
  yield endOf(written.length, size, at)
}

/** UTF-8 names; and size and checksum behind the file, if it has any bytes. */
function flagsOf({ size }: Written): number {
  return size > 0 ? 0x0808 : 0x0800
}

/** An extra field of `Z` fills up to where the file may begin. */
function localHeader(entry: Written): Uint8Array {
  const { name, offset } = entry
  const filled = offset + 30 + name.length + 4
  const padding = (alignment - (filled % alignment)) % alignment
  const extra = pack('HH', 0x4246, padding)
  const fixed = pack('IHHHIIIIHH', 0x04034b50, 0, flagsOf(entry), 0, 0, 0, 0, 0, name.length, 4 + padding)
  return joinBytes([fixed, name, extra, new Uint8Array(padding).fill(0x5a)])
}

function descriptor({ crc32, size }: Written): Uint8Array[] {
  return size > 0 ? [pack('IIII', 0x08074b50, crc32, size, size)] : []
}

function directoryHeader(entry: Written): Uint8Array {
  const { name, offset, size, crc32 } = entry
  const sizes = [crc32, size, size, name.length]
  const fixed = [0x02014b50, 0, 0, flagsOf(entry), 0, 0, ...sizes, 0, 0, 0, 0, 0, offset]
  return joinBytes([pack('IHHHHIIIIHHHHHII', ...fixed), name])
}

/** The zip64 end record, its locator, and the end record. */
function endOf(count: number, size: number, offset: number): Uint8Array {
  const few = Math.min(count, 0xffff)
  return joinBytes([
    pack('IQHHIIQQQQ', 0x06064b50, 44, 0x031e, 45, 0, 0, count, count, size, offset),
    pack('IIQI', 0x07064b50, 0, offset + size, 1),
    pack('IHHHHIIH', 0x06054b50, 0, 0, few, few, size, offset, 0),
  ])
}

const widths: Readonly<Record<string, number>> = { H: 2, I: 4, Q: 8 }

/** Little-endian numbers, as Python's `struct.pack` writes them: H has 16 bits, I 32, Q 64. */
function pack(format: string, ...values: readonly number[]): Uint8Array {
  const codes = Array.from(format, (code) => widths[code]!)
  const view = new DataView(new ArrayBuffer(codes.reduce((sum, width) => sum + width, 0)))
  let at = 0
  for (const [index, width] of codes.entries()) {
    const value = values[index]!
    if (width === 2) view.setUint16(at, value, true)
    else if (width === 4) view.setUint32(at, value, true)
    else view.setBigUint64(at, BigInt(value), true)
    at += width
  }
  return new Uint8Array(view.buffer)
}
