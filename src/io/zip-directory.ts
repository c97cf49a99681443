import { FileFormatError } from '../core/errors.ts'
import { isElsewhere, type ZipBytes } from './zip-bytes.ts'

/** What the directory of an archive says of an entry. */
export interface ZipHeader {
  readonly name: string
  /** Where its own header begins. */
  readonly offset: number
  /** Bytes in the archive. */
  readonly stored: number
  /** Bytes once unpacked. */
  readonly size: number
  readonly crc32: number
  readonly method: number
}

interface Place {
  readonly offset: number
  readonly size: number
  readonly count: number
}

const maxEntries = 1 << 20

/** The headers in an archive's directory, and where that begins. */
export function readDirectory(zip: ZipBytes): { readonly headers: ZipHeader[]; readonly offset: number } {
  const { offset, size, count } = findDirectory(zip)
  // Each header has at least 46 bytes.
  if (count > maxEntries || count * 46 > size) throw zip.damaged(`it claims ${count} entries`)
  const names = new Set<string>()
  const headers: ZipHeader[] = []
  let at = offset
  while (headers.length < count) {
    if (zip.uint32(at) !== 0x02014b50) throw zip.damaged('its directory is garbled')
    const nameLength = zip.uint16(at + 28)
    const next = at + 46 + nameLength + zip.uint16(at + 30) + zip.uint16(at + 32)
    if (next > offset + size) throw zip.damaged('its directory is longer than it says')
    const name = zip.name(at + 46, nameLength)
    if (names.has(name)) throw zip.damaged(`it holds '${name}' twice`)
    names.add(name)
    headers.push(readHeader(zip, at, name))
    at = next
  }
  if (at !== offset + size) throw zip.damaged('its directory is shorter than it says')
  return { headers, offset }
}

/**
 * The end record is what an archive ends with. A comment behind it is nothing that torch.save writes, and can hold
 * another end record, so that two programs read two archives.
 */
function findDirectory(zip: ZipBytes): Place {
  const end = zip.bytes.length - 22
  if (end < 0 || zip.uint32(end) !== 0x06054b50) {
    throw zip.damaged('its directory, which stands at the end, is missing, so it was probably cut off')
  }
  if (zip.uint16(end + 20) !== 0) throw zip.damaged('it says that a comment follows, and none does')
  const classic = {
    count: zip.uint16(end + 10),
    size: zip.uint32(end + 12),
    offset: zip.uint32(end + 16),
  }
  const wide = readZip64End(zip, end)
  const { start, ...place } = wide ?? { ...classic, start: end }
  if (wide) checkAgreement(zip, classic, wide)
  if (place.offset + place.size !== start) throw zip.damaged("its directory isn't where it should be")
  return place
}

/** The zip64 end record and its locator, where they stand before the end record. */
function readZip64End(zip: ZipBytes, end: number): (Place & { readonly start: number }) | undefined {
  const locator = end - 20
  if (locator < 56 || zip.uint32(locator) !== 0x07064b50) return undefined
  const start = zip.uint64(locator + 8)
  if (start !== locator - 56 || zip.uint32(start) !== 0x06064b50) {
    throw zip.damaged("its zip64 end record isn't where it should be")
  }
  return {
    start,
    count: zip.uint64(start + 32),
    size: zip.uint64(start + 40),
    offset: zip.uint64(start + 48),
  }
}

/** Two directories are two archives in one file. */
function checkAgreement(zip: ZipBytes, classic: Place, wide: Place): void {
  const agrees =
    (classic.count === wide.count || classic.count === 0xffff) &&
    (classic.size === wide.size || classic.size === isElsewhere) &&
    (classic.offset === wide.offset || classic.offset === isElsewhere)
  if (!agrees) throw zip.damaged('its two end records, zip64 and not, disagree')
}

function readHeader(zip: ZipBytes, at: number, name: string): ZipHeader {
  if (zip.uint16(at + 8) & 1) {
    throw new FileFormatError(`${zip.source} is encrypted ('${name}'). Save it without a password.`)
  }
  const extra = at + 46 + zip.uint16(at + 28)
  const fields = [24, 20, 42].map((field) => zip.uint32(at + field))
  const [size, stored, offset] = zip.widen(fields, extra, extra + zip.uint16(at + 30))
  const method = zip.uint16(at + 10)
  if (method === 0 && size !== stored) throw zip.damaged(`'${name}' has two sizes`)
  return { name, offset: offset!, stored: stored!, size: size!, crc32: zip.uint32(at + 16), method }
}
