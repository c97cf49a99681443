import { byCodePoint } from '../core/code-points.ts'
import { FileSystemError, RuntimeError } from '../core/errors.ts'
import { fetchFile, isMountPath, listMounted, mountedFile, readMounted, stampOf } from './mounts.ts'
import type { DirectoryEntry, FileStamp } from './platform.ts'
import { fileSystemError, folderAt, isPrivatePath, privateFile, splitPath } from './web-opfs.ts'

/**
 * Reads a whole file: a mounted one, one of the page's private file system, or else what the URL gives, relative to the page.
 * Throws `FileSystemError` naming it.
 */
export async function readFile(path: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const mounted = mountedFile(path)
  if (mounted) return readMounted(mounted, path, signal)
  const file = isPrivatePath(path) ? await privateFile(path) : undefined
  if (!file) return fetchFile(path, signal)
  try {
    return new Uint8Array(await file.arrayBuffer())
  } catch (error) {
    throw await fileSystemError('read', path, error)
  }
}

/** A mounted file's stamp. A server need not say when a file was changed: throws for others. */
export function fileStamp(path: string): FileStamp {
  const mounted = mountedFile(path)
  if (mounted) return stampOf(mounted)
  throw new RuntimeError(`can't tell whether ${path} has changed: a cache of pictures needs mounted files`)
}

/** A page can't wait for a file without giving way: `undefined`. */
export function readFileNow(): undefined {
  return undefined
}

let temporaries = 0

/** Chromium, Firefox and Safari have it for this file system, and TypeScript's types don't yet. */
interface Movable {
  move(name: string): Promise<void>
}

/**
 * Writes a file of the page's private file system beside `path` and renames it: a reader sees the old file or the whole new
 * one, even if the tab is closed half way. Throws `FileSystemError`.
 */
export async function writeFile(
  path: string,
  bytes: Uint8Array | string | AsyncIterable<Uint8Array>,
): Promise<void> {
  checkWritable(path)
  const { folder, name } = splitPath(path)
  const temporary = `${name}.${Date.now()}-${temporaries++}.tmp`
  let parent: FileSystemDirectoryHandle | undefined
  try {
    parent = await folderAt(folder, { create: true })
    const handle = await parent.getFileHandle(temporary, { create: true })
    await fill(handle, bytes)
    await (handle as FileSystemFileHandle & Movable).move(name)
  } catch (error) {
    await parent?.removeEntry(temporary).catch(() => undefined)
    throw await fileSystemError('write', path, error)
  }
}

async function fill(
  handle: FileSystemFileHandle,
  bytes: Uint8Array | string | AsyncIterable<Uint8Array>,
): Promise<void> {
  const writable = await handle.createWritable()
  try {
    if (typeof bytes === 'string' || bytes instanceof Uint8Array) {
      await writable.write(bytes as Uint8Array<ArrayBuffer>)
    } else {
      // One after the other: each may use the memory of the one before.
      for await (const piece of bytes) await writable.write(piece as Uint8Array<ArrayBuffer>)
    }
    await writable.close()
  } catch (error) {
    await writable.abort().catch(() => undefined)
    throw error
  }
}

/** Removes a file of the page's private file system; one that isn't there is no error. */
export async function removeFile(path: string): Promise<void> {
  checkWritable(path)
  const { folder, name } = splitPath(path)
  try {
    await (await folderAt(folder)).removeEntry(name)
  } catch (error) {
    if ((error as Partial<DOMException>).name === 'NotFoundError') return
    throw await fileSystemError('remove', path, error)
  }
}

/** Makes a folder of the page's private file system, and those above it. */
export async function makeDirectory(path: string): Promise<void> {
  checkWritable(path)
  try {
    await folderAt(path.split('/').filter(Boolean), { create: true })
  } catch (error) {
    throw await fileSystemError('make the folder', path, error)
  }
}

/** Entries of a mounted folder, or of one of the page's private file system, sorted by name in code-point order. */
export async function listDirectory(path: string): Promise<DirectoryEntry[]> {
  if (isMountPath(path)) return listMounted(path)
  if (!isPrivatePath(path)) {
    throw new FileSystemError(
      `can't list ${path}: a server doesn't say what it has; mount a manifest or a .zip of it`,
    )
  }
  try {
    const entries: DirectoryEntry[] = []
    for await (const [name, { kind }] of (await folderAt(path.split('/').filter(Boolean))).entries()) {
      entries.push({ name, isDirectory: kind === 'directory' })
    }
    return entries.sort((a, b) => byCodePoint(a.name, b.name))
  } catch (error) {
    const { message } = await fileSystemError('list', path, error)
    throw new FileSystemError(`${message}. Pictures that the user chose get a path by mountFiles.`, {
      cause: error,
    })
  }
}

/** Joins URL or path segments by one slash each. */
export function joinPath(...segments: string[]): string {
  return segments
    .map((segment, index) => (index === 0 ? segment : segment.replace(/^\/+/, '')))
    .map((segment, index) => (index === segments.length - 1 ? segment : segment.replace(/\/+$/, '')))
    .join('/')
}

function checkWritable(path: string): void {
  if (isPrivatePath(path)) return
  throw new FileSystemError(
    `can't change ${path}: a page writes only to its private file system, by paths without a scheme, as 'run/model.onnx'`,
  )
}
