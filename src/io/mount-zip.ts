import type { MountedFile } from '#platform'

import { FileFormatError, FileSystemError } from '../core/errors.ts'
import { readZip } from './zip.ts'

const stored = 0
const deflated = 8

/** Whether bytes begin as a zip archive does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5)
}

/**
 * Files in an archive, by their paths: each a window on the archive, unpacked when it is read.
 *
 * @throws {@link FileFormatError} if it is no zip archive, or a damaged one.
 */
export async function filesOfZip(archive: Blob, source = nameOf(archive)): Promise<Map<string, MountedFile>> {
  const bytes = await read(archive, source)
  if (!isZip(bytes)) {
    throw new FileFormatError(`${source} is no .zip archive: choose one, or the folder with the pictures`)
  }
  const files = new Map<string, MountedFile>()
  for (const { name, bytes: window, method } of readZip(bytes, source).values()) {
    if (name.endsWith('/')) continue
    if (method !== stored && method !== deflated) {
      throw new FileFormatError(
        `${source} holds ${name} in a packing of another kind (${method}): pack it as an ordinary .zip`,
      )
    }
    const from = archive.slice(window.byteOffset, window.byteOffset + window.length)
    files.set(name, { from, isDeflated: method === deflated, lastModified: 0 })
  }
  return files
}

function nameOf(archive: Blob): string {
  return archive instanceof File ? archive.name : 'the archive'
}

async function read(archive: Blob, source: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await archive.arrayBuffer())
  } catch (cause) {
    throw new FileSystemError(
      `can't read ${source}: it was changed or removed since it was chosen, or is too large`,
      {
        cause,
      },
    )
  }
}
