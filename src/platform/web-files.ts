/** Files of a page: reads from wherever a path leads, writes to the page's private file system. Works in workers, too. */
import { byCodePoint } from '../core/code-points.ts'
import { AbortError, FileSystemError } from '../core/errors.ts'
import { fetchFile } from './fetch-file.ts'
import { listMounted, mountedFile, readMounted, stampOf } from './mounts.ts'
import type { DirectoryEntry, FileStamp } from './platform.ts'
import { fileSystemError, folderAt, isMissing, privateFile, splitPath } from './web-opfs.ts'
import { kindOfPath, namesOf } from './web-paths.ts'

/**
 * Reads a whole file: a mounted one, one of the page's private file system, or else what the URL gives, relative to the page.
 * Throws `FileSystemError` naming it.
 */
export async function readFile(path: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  if (signal?.aborted) throw new AbortError(`reading ${path} was aborted`, { cause: signal.reason })
  const mounted = mountedFile(path)
  if (mounted) return readMounted(mounted, path, signal)
  if (kindOfPath(path) === 'url') return fetchFile(path, signal)
  let noStorage: unknown
  const file = await privateFile(path).catch((error: unknown) => {
    // A page without storage can still read what its server has, and so can one a path outside of it.
    noStorage = error
  })
  if (!file) return fetchInstead(path, signal, noStorage)
  try {
    return new Uint8Array(await file.arrayBuffer())
  } catch (error) {
    throw await fileSystemError('read', path, error)
  }
}

async function fetchInstead(
  path: string,
  signal: AbortSignal | undefined,
  noStorage: unknown,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await fetchFile(path, signal)
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error
    const own = noStorage instanceof Error ? noStorage.message : "it is not among this page's own files"
    throw new FileSystemError(
      `${error.message}; and ${own}. A file that the user chose gets a path by mountFiles.`,
      {
        cause: error,
      },
    )
  }
}

/** A server need not say when a file was changed: one of its files is taken to stay the same while the page is open. */
export async function fileStamp(path: string): Promise<FileStamp> {
  const mounted = mountedFile(path)
  if (mounted) return stampOf(mounted)
  const file = kindOfPath(path) === 'own' ? await privateFile(path).catch(() => undefined) : undefined
  return file ? { mtimeMs: file.lastModified, size: file.size } : { mtimeMs: 0, size: 0 }
}

/** A page can't wait for a file without giving way: `undefined`. */
export function readFileNow(): undefined {
  return undefined
}

/** Removes a file of the page's private file system; one that isn't there is no error. */
export async function removeFile(path: string): Promise<void> {
  await remove(path, false)
}

/** Removes a file of the page's private file system, or a folder and all in it; what isn't there is no error. */
export async function removeStored(path: string): Promise<void> {
  await remove(path, true)
}

async function remove(path: string, recursive: boolean): Promise<void> {
  checkOwn('remove', path)
  try {
    const { folder, name } = splitPath(path)
    await (await folderAt(folder)).removeEntry(name, { recursive })
  } catch (error) {
    if (!isMissing(error)) throw await fileSystemError('remove', path, error)
  }
}

/** Makes a folder of the page's private file system, and those above it. */
export async function makeDirectory(path: string): Promise<void> {
  checkOwn('make the folder', path)
  try {
    await folderAt(namesOf(path), { create: true })
  } catch (error) {
    throw await fileSystemError('make the folder', path, error)
  }
}

/** Entries of a mounted folder, or of one of the page's private file system, sorted by name in code-point order. */
export async function listDirectory(path: string): Promise<DirectoryEntry[]> {
  if (kindOfPath(path) === 'mounted') return listMounted(path)
  checkOwn('list', path)
  try {
    const entries: DirectoryEntry[] = []
    for await (const [name, { kind }] of (await folderAt(namesOf(path))).entries()) {
      entries.push({ name, isDirectory: kind === 'directory' })
    }
    return entries.sort((a, b) => byCodePoint(a.name, b.name))
  } catch (error) {
    const { message } = await fileSystemError('list', path, error)
    throw new FileSystemError(
      `${message}. Pictures that the user chose get a path by mountFiles, and so do a server's by a manifest.`,
      { cause: error },
    )
  }
}

/** Throws for what only can be read. */
export function checkOwn(verb: string, path: string): void {
  const kind = kindOfPath(path)
  if (kind === 'own') return
  const why = {
    mounted: 'mounted files can only be read',
    url:
      verb === 'list'
        ? "a server doesn't say what it has; mount a manifest or a .zip of it"
        : "it is a server's",
  }[kind]
  const how =
    verb === 'list'
      ? ''
      : "; a page writes only to its private file system, by paths without a scheme, as 'run/model.onnx'"
  throw new FileSystemError(`can't ${verb} ${path}: ${why}${how}`)
}
