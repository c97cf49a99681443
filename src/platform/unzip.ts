/** Unpacks one file of a zip archive, by the inflater that Node and browsers have. */
import { FileFormatError } from '../core/errors.ts'
import { crc32 } from '../io/crc32.ts'
import { joinBytes } from '../io/pieces.ts'

/** What an archive's directory says of a file in it. */
export interface ZippedFile {
  readonly isDeflated: boolean
  /** Bytes in the archive. */
  readonly stored: number
  /** Bytes once unpacked. */
  readonly size: number
  readonly crc32: number
}

/**
 * The file's bytes, checked. No more is unpacked than the archive's directory says, so a bomb does not go off.
 *
 * @param entry - The part of the archive that begins with the file's own header.
 * @throws {@link FileFormatError} if it isn't what the directory says.
 */
export async function unzip(
  entry: Blob,
  { isDeflated, stored, size, crc32: expected }: ZippedFile,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const header = new DataView(await entry.slice(0, headerSize).arrayBuffer())
  if (header.byteLength < headerSize || header.getUint32(0, true) !== 0x04034b50) throw damaged(path)
  // Name and extra fields, which may be others than the directory's.
  const start = headerSize + header.getUint16(26, true) + header.getUint16(28, true)
  const packed = entry.slice(start, start + stored)
  const bytes = isDeflated ? await inflate(packed, size, path) : new Uint8Array(await packed.arrayBuffer())
  if (bytes.length !== size || crc32(bytes) >>> 0 !== expected) throw damaged(path)
  return bytes
}

const headerSize = 30

async function inflate(packed: Blob, size: number, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const reader = packed.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  const pieces: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw damaged(path, cause)
    })
    if (done) return joinBytes(pieces)
    length += value.length
    if (length > size) {
      await reader.cancel()
      throw damaged(path)
    }
    pieces.push(value)
  }
}

function damaged(path: string, cause?: unknown): FileFormatError {
  return new FileFormatError(
    `can't read ${path}: its archive is damaged there; pack or download it again`,
    cause === undefined ? undefined : { cause },
  )
}
