import { FileFormatError } from '../core/errors.ts'
import { crc32 } from './crc32.ts'

/** One file of an archive: a window on the archive's own bytes. */
export interface ZipEntry {
  readonly name: string
  readonly bytes: Uint8Array
  readonly crc32: number
  /** 0 where the file is stored as it is; {@link verifyZip} refuses the others. */
  readonly method: number
}

interface Located {
  readonly name: string
  readonly offset: number
  readonly size: number
  readonly crc32: number
  readonly method: number
}

interface Directory {
  readonly offset: number
  readonly size: number
  readonly count: number
}

const maxEntries = 1 << 20
const verifiedAtOnce = 8 << 20

/**
 * The entries of a zip archive, read from its central directory without copying. Nothing is written anywhere, yet names that would leave a folder are
 * refused, and so are duplicates and overlaps: no honest writer makes them.
 *
 * @param source - What to call the archive in messages.
 * @throws {@link FileFormatError} if the archive is truncated, encrypted or inconsistent.
 */
export function readZip(bytes: Uint8Array, source: string): Map<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const directory = findDirectory(view, source)
    const located = readDirectory(view, directory, source)
    return openEntries(view, bytes, located, directory.offset, source)
  } catch (error) {
    // DataView refuses to read past the end: the one way a number of the archive can point outside.
    if (error instanceof RangeError) throw damaged(source, 'it points outside of itself', error)
    throw error
  }
}

/**
 * Checks that every entry is stored, not compressed, and fits its checksum; and yields after every few megabytes so that the caller can let other
 * work run. Exhaust it before trusting the entries.
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
    if (crc !== entry.crc32) throw damaged(source, `the checksum of '${entry.name}' doesn't match its bytes`)
  }
}

function damaged(source: string, how: string, cause?: unknown): FileFormatError {
  return new FileFormatError(
    `${source} is a damaged zip archive: ${how}. Download or save the file again.`,
    cause === undefined ? undefined : { cause },
  )
}

/** The end record sits last, before a comment of at most 65,535 bytes. */
function findDirectory(view: DataView, source: string): Directory {
  const lowest = Math.max(0, view.byteLength - 22 - 0xffff)
  for (let at = view.byteLength - 22; at >= lowest; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue
    if (at + 22 + view.getUint16(at + 20, true) !== view.byteLength) continue
    const directory = readZip64End(view, at) ?? {
      count: view.getUint16(at + 10, true),
      size: view.getUint32(at + 12, true),
      offset: view.getUint32(at + 16, true),
    }
    if (directory.offset + directory.size > at) throw damaged(source, 'its directory overlaps its end')
    return directory
  }
  throw damaged(source, 'its directory, which stands at the end, is missing, so it was probably cut off')
}

function readZip64End(view: DataView, end: number): Directory | undefined {
  const locator = end - 20
  if (locator < 0 || view.getUint32(locator, true) !== 0x07064b50) return undefined
  const at = readUint64(view, locator + 8)
  if (view.getUint32(at, true) !== 0x06064b50) throw new RangeError('no zip64 end record')
  return {
    count: readUint64(view, at + 32),
    size: readUint64(view, at + 40),
    offset: readUint64(view, at + 48),
  }
}

function readDirectory(view: DataView, directory: Directory, source: string): Located[] {
  if (directory.count > maxEntries) throw damaged(source, `it claims ${directory.count} entries`)
  const end = directory.offset + directory.size
  const located: Located[] = []
  const names = new Set<string>()
  let at = directory.offset
  while (located.length < directory.count) {
    if (view.getUint32(at, true) !== 0x02014b50) throw damaged(source, 'its directory is garbled')
    const nameLength = view.getUint16(at + 28, true)
    const next = at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
    if (next > end) throw damaged(source, 'its directory is longer than it says')
    const name = readName(view, at + 46, nameLength, source)
    if (names.has(name)) throw damaged(source, `it holds '${name}' twice`)
    names.add(name)
    located.push(readHeader(view, at, name, next, source))
    at = next
  }
  if (at !== end) throw damaged(source, 'its directory is shorter than it says')
  return located
}

function readHeader(view: DataView, at: number, name: string, next: number, source: string): Located {
  const flags = view.getUint16(at + 8, true)
  const method = view.getUint16(at + 10, true)
  if (flags & 1) throw new FileFormatError(`${source} is encrypted ('${name}'). Save it without a password.`)
  const narrow = [24, 20, 42].map((field) => view.getUint32(at + field, true))
  const [size, stored, offset] = widen(view, narrow, at + 46 + view.getUint16(at + 28, true), next)
  if (method === 0 && size !== stored) throw damaged(source, `'${name}' has two sizes`)
  return { name, offset: offset!, size: stored!, crc32: view.getUint32(at + 16, true), method }
}

/** Fields of all ones stand in the zip64 extra field instead, in this order. */
function widen(view: DataView, fields: readonly number[], extra: number, end: number): number[] {
  if (!fields.includes(0xffffffff)) return [...fields]
  let at = extra
  while (at + 4 <= end && view.getUint16(at, true) !== 1) at += 4 + view.getUint16(at + 2, true)
  at += 4
  return fields.map((field) => {
    if (field !== 0xffffffff) return field
    at += 8
    if (at > end) throw new RangeError('no zip64 extra field')
    return readUint64(view, at - 8)
  })
}

function readUint64(view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true))
  if (!Number.isSafeInteger(value)) throw new RangeError('a zip64 number is absurdly large')
  return value
}

function readName(view: DataView, at: number, length: number, source: string): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, length)
  const name = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  const segments = name.split('/')
  // eslint-disable-next-line no-control-regex -- control characters are what is refused here
  if (segments.includes('..') || segments[0] === '' || /[\\\u0000-\u001f]|^[a-z]:/i.test(name)) {
    throw damaged(source, `it holds an entry named ${JSON.stringify(name)}, which no honest archive does`)
  }
  return name
}

function openEntries(
  view: DataView,
  bytes: Uint8Array,
  located: readonly Located[],
  limit: number,
  source: string,
): Map<string, ZipEntry> {
  const entries = new Map<string, ZipEntry>()
  let free = 0
  for (const { name, offset, size, ...rest } of [...located].sort((a, b) => a.offset - b.offset)) {
    if (offset < free) throw damaged(source, `'${name}' overlaps another entry`)
    if (view.getUint32(offset, true) !== 0x04034b50)
      throw damaged(source, `'${name}' isn't where it should be`)
    const nameLength = view.getUint16(offset + 26, true)
    const start = offset + 30 + nameLength + view.getUint16(offset + 28, true)
    free = start + size
    if (free > limit) throw damaged(source, `'${name}' runs past the directory`)
    if (readName(view, offset + 30, nameLength, source) !== name) {
      throw damaged(source, `'${name}' has two names`)
    }
    entries.set(name, { name, bytes: bytes.subarray(start, free), ...rest })
  }
  return entries
}
