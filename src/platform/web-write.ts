/** How a page writes a file, so that it is there whole or not at all. */
import { FileSystemError } from '../core/errors.ts'
import { checkOwn } from './web-files.ts'
import { takeLock } from './web-locks.ts'
import { fileSystemError, folderAt, splitPath, type MovableFile } from './web-opfs.ts'

/**
 * Writes a file of the page's private file system beside `path` and renames it: a reader sees the old file or the whole new
 * one, even if the tab is closed half way. Throws `FileSystemError`.
 */
export async function writeFile(
  path: string,
  bytes: Uint8Array | string | AsyncIterable<Uint8Array>,
): Promise<void> {
  checkOwn('write', path)
  const { folder, name } = splitPath(path)
  // One writer of a file at a time: so the next one overwrites what a closed tab has left.
  const release = await takeLock(`writes ${[...folder, name].join('/')}`)
  try {
    await writeBeside(await folderAt(folder, { create: true }), name, bytes)
  } catch (error) {
    throw await fileSystemError('write', path, error)
  } finally {
    release()
  }
}

async function writeBeside(
  folder: FileSystemDirectoryHandle,
  name: string,
  bytes: Uint8Array | string | AsyncIterable<Uint8Array>,
): Promise<void> {
  // To open a file for writing, it must be there, if empty: so never by the name itself.
  const temporary = `${name}.web.tmp`
  try {
    const file = (await folder.getFileHandle(temporary, { create: true })) as MovableFile
    await fill(file, bytes)
    await file.move(name)
  } catch (error) {
    await folder.removeEntry(temporary).catch(() => undefined)
    throw error
  }
}

async function fill(
  file: FileSystemFileHandle,
  bytes: Uint8Array | string | AsyncIterable<Uint8Array>,
): Promise<void> {
  const writable = await openWritable(file)
  try {
    if (typeof bytes === 'string') await writable.write(bytes)
    else if (bytes instanceof Uint8Array) await writable.write(unshared(bytes))
    // One after the other: each may use the memory of the one before.
    else for await (const piece of bytes) await writable.write(unshared(piece))
    await writable.close()
  } catch (error) {
    await writable.abort().catch(() => undefined)
    throw error
  }
}

/** A stream into a file: others see what was written once it's closed. */
export function openWritable(
  file: FileSystemFileHandle,
  options?: FileSystemCreateWritableOptions,
): Promise<FileSystemWritableFileStream> {
  if (typeof file.createWritable === 'function') return file.createWritable(options)
  throw new FileSystemError(
    'this browser lets pages write no files: use Chrome, Edge, Firefox, or Safari from 26',
  )
}

/** Browsers take no memory that threads share. */
export function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes)
}
