import { FileFormatError } from '../core/errors.ts'
import { crc32 } from './crc32.ts'
import { ZipBytes } from './zip-bytes.ts'
import { readDirectory, type ZipHeader } from './zip-directory.ts'

/** One file of an archive: a window on the archive's own bytes. */
export interface ZipEntry {
  readonly name: string
  readonly bytes: Uint8Array
  readonly crc32: number
  /** 0 where the file is stored as it is; {@link verifyZip} refuses the others. */
  readonly method: number
}

const verifiedAtOnce = 8 << 20

/**
 * The entries of a zip archive, read from its directory without copying. Nothing is written anywhere, yet names that would
 * leave a folder are refused, and so are duplicates, overlaps and headers that contradict the directory: no honest
 * writer makes them.
 *
 * @param source - What to call the archive in messages.
 * @throws {@link FileFormatError} if the archive is truncated, encrypted or inconsistent.
 */
export function readZip(bytes: Uint8Array, source: string): Map<string, ZipEntry> {
  const zip = new ZipBytes(bytes, source)
  try {
    const { headers, offset } = readDirectory(zip)
    return openEntries(zip, headers, offset)
  } catch (error) {
    // DataView refuses to read past the end: the one way a number of the archive can point outside.
    if (error instanceof RangeError) throw zip.damaged('it points outside of itself', error)
    throw error
  }
}

/**
 * Checks that every entry is stored, not compressed, and fits its checksum; and yields after every few megabytes so that
 * the caller can let other work run. Exhaust it before trusting the entries.
 *
 * @throws {@link FileFormatError} naming the first entry that doesn't.
 */
export function* verifyZip(entries: Iterable<ZipEntry>, source: string): Generator<void, void, void> {
  let pending = 0
  for (const entry of entries) {
    if (entry.method !== 0) {
      throw new FileFormatError(
        `${source} holds '${entry.name}' compressed (zip method ${entry.method}), where torch.save stores. ` +
          'Load it in Python and torch.save it again.',
      )
    }
    let crc = 0
    for (let start = 0; start < entry.bytes.length; start += verifiedAtOnce) {
      const part = entry.bytes.subarray(start, start + verifiedAtOnce)
      crc = crc32(part, crc)
      pending += part.length
      if (pending < verifiedAtOnce) continue
      pending = 0
      yield
    }
    if (crc !== entry.crc32) {
      throw new ZipBytes(entry.bytes, source).damaged(
        `the checksum of '${entry.name}' doesn't match its bytes`,
      )
    }
  }
}

function openEntries(zip: ZipBytes, headers: readonly ZipHeader[], limit: number): Map<string, ZipEntry> {
  const entries = new Map<string, ZipEntry>()
  let free = 0
  for (const header of [...headers].sort((a, b) => a.offset - b.offset)) {
    const { name, offset, stored, crc32, method } = header
    if (offset < free) throw zip.damaged(`'${name}' overlaps another entry`)
    const start = checkLocal(zip, header)
    free = start + stored
    if (free > limit) throw zip.damaged(`'${name}' runs past the directory`)
    entries.set(name, { name, bytes: zip.bytes.subarray(start, free), crc32, method })
  }
  return entries
}

/** An entry's own header must say what the directory does, or leave it to the descriptor behind the entry. Where the bytes begin. */
function checkLocal(zip: ZipBytes, { name, offset, stored, size, crc32, method }: ZipHeader): number {
  if (zip.uint32(offset) !== 0x04034b50) throw zip.damaged(`'${name}' isn't where it should be`)
  const extra = offset + 30 + zip.uint16(offset + 26)
  const start = extra + zip.uint16(offset + 28)
  if (zip.name(offset + 30, extra - offset - 30) !== name) throw zip.damaged(`'${name}' has two names`)
  const hasDescriptor = (zip.uint16(offset + 6) & 8) !== 0
  const fits = (own: number | undefined, value: number) => own === value || (hasDescriptor && own === 0)
  const [ownSize, ownStored] = zip.widen([zip.uint32(offset + 22), zip.uint32(offset + 18)], extra, start)
  if (zip.uint16(offset + 8) !== method) throw zip.damaged(`'${name}' has two methods of compression`)
  if (!fits(ownSize, size) || !fits(ownStored, stored)) throw zip.damaged(`'${name}' has two sizes`)
  if (!fits(zip.uint32(offset + 14), crc32)) throw zip.damaged(`'${name}' has two checksums`)
  return start
}
