import type { MountedFile } from '#platform'

import { FileFormatError, FileSystemError } from '../core/errors.ts'
import { isElsewhere, ZipBytes } from './zip-bytes.ts'

/** Whether bytes begin as a zip archive does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5)
}

const endSize = 22
/** A comment may stand behind the end record. */
const longestEnd = endSize + 0xffff
/** A directory of a million files has half as much: more is no set of pictures, but something that fills memory. */
const largestDirectory = 1 << 28
/** As large as a picture may be that isn't compressed at all. */
const largestFile = 1 << 29
/** Deflate can't do better: who claims more lies. */
const bestRatio = 1032

/**
 * Files in an archive, by their paths. Of the archive only its directory is read; each file is a window on it, unpacked when
 * it's read. Names that would leave the root are refused.
 *
 * @throws {@link FileFormatError} if it is no zip archive, a damaged or an encrypted one.
 */
export async function filesOfZip(archive: Blob, source = nameOf(archive)): Promise<Map<string, MountedFile>> {
  try {
    return await listFiles(archive, source)
  } catch (error) {
    // DataView refuses to read past the end: the one way a number of the archive can point outside.
    if (error instanceof RangeError) throw damaged(source, 'it points outside of itself', error)
    throw error
  }
}

async function listFiles(archive: Blob, source: string): Promise<Map<string, MountedFile>> {
  const { offset, size, count } = await findDirectory(archive, source)
  if (size > largestDirectory || offset + size > archive.size)
    throw damaged(source, `it claims ${count} files`)
  const zip = await zipBytes(archive, offset, offset + size, source)
  const files = new Map<string, MountedFile>()
  for (let at = 0; at + 46 <= size;) {
    if (zip.uint32(at) !== 0x02014b50) throw damaged(source, 'its directory is garbled')
    const nameLength = zip.uint16(at + 28)
    const extra = at + 46 + nameLength
    const next = extra + zip.uint16(at + 30) + zip.uint16(at + 32)
    const name = zip.name(at + 46, nameLength)
    if (!name.endsWith('/')) {
      if (files.has(name)) throw damaged(source, `it holds '${name}' twice`)
      files.set(name, fileAt(zip, at, extra, name, archive))
    }
    at = next
  }
  return files
}

function fileAt(zip: ZipBytes, at: number, extra: number, name: string, archive: Blob): MountedFile {
  const refuse = (how: string) =>
    new FileFormatError(`${zip.source} holds ${name} ${how}: pack it as an ordinary .zip`)
  if (zip.uint16(at + 8) & 1) throw refuse('encrypted')
  const fields = [24, 20, 42].map((field) => zip.uint32(at + field))
  const [size, stored, offset] = zip.widen(fields, extra, extra + zip.uint16(at + 30)) as [
    number,
    number,
    number,
  ]
  const method = zip.uint16(at + 10)
  if (method !== 0 && method !== 8) throw refuse(`in a packing of another kind (${method})`)
  const isLie = method === 0 ? size !== stored : size > stored * bestRatio + 1024
  if (isLie || offset + stored > archive.size) throw damaged(zip.source, `'${name}' claims ${size} bytes`)
  if (size > largestFile) throw refuse(`of ${size} bytes, more than a picture has`)
  // Its own header has a name and extra fields of up to 64 KiB each.
  const from = archive.slice(offset, offset + 30 + 0x1ffff + stored)
  return {
    from,
    lastModified: 0,
    zipped: { isDeflated: method === 8, stored, size, crc32: zip.uint32(at + 16) },
  }
}

interface Place {
  readonly offset: number
  readonly size: number
  readonly count: number
}

async function findDirectory(archive: Blob, source: string): Promise<Place> {
  const start = Math.max(0, archive.size - longestEnd)
  const tail = await zipBytes(archive, start, archive.size, source)
  let end = tail.bytes.length - endSize
  while (end >= 0 && tail.uint32(end) !== 0x06054b50) end--
  if (end < 0) {
    const head = new Uint8Array(await archive.slice(0, 4).arrayBuffer())
    if (isZip(head)) throw damaged(source, 'its directory, which stands at the end, is missing')
    throw new FileFormatError(`${source} is no .zip archive: choose one, or the folder with the pictures`)
  }
  const classic = {
    count: tail.uint16(end + 10),
    size: tail.uint32(end + 12),
    offset: tail.uint32(end + 16),
  }
  const isWide = classic.count === 0xffff || classic.size === isElsewhere || classic.offset === isElsewhere
  return isWide ? findWide(archive, tail, end, source) : classic
}

/** By the zip64 end record, which the locator before the end record points at. */
async function findWide(archive: Blob, tail: ZipBytes, end: number, source: string): Promise<Place> {
  const locator = end - 20
  if (locator < 0 || tail.uint32(locator) !== 0x07064b50)
    throw damaged(source, 'it lacks its zip64 directory')
  const start = tail.uint64(locator + 8)
  const record = await zipBytes(archive, start, start + 56, source)
  if (record.uint32(0) !== 0x06064b50) throw damaged(source, "its zip64 directory isn't where it should be")
  return { count: record.uint64(32), size: record.uint64(40), offset: record.uint64(48) }
}

async function zipBytes(archive: Blob, start: number, end: number, source: string): Promise<ZipBytes> {
  try {
    return new ZipBytes(new Uint8Array(await archive.slice(start, end).arrayBuffer()), source)
  } catch (cause) {
    throw new FileSystemError(
      `can't read ${source}: it was changed or removed since it was chosen; choose it again`,
      {
        cause,
      },
    )
  }
}

function damaged(source: string, how: string, cause?: unknown): FileFormatError {
  return new ZipBytes(new Uint8Array(), source).damaged(how, cause)
}

function nameOf(archive: Blob): string {
  return archive instanceof File ? archive.name : 'the archive'
}
