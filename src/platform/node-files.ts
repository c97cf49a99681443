import { mkdir, open, readFile as readFileOfNode, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { AbortError, FileSystemError } from '../core/errors.ts'
import { byCodePoint } from '../core/code-points.ts'
import { isMountPath, listMounted, mountedFile, readMounted } from './mounts.ts'
import { readInParallel } from './node-parallel-read.ts'
import type { DirectoryEntry } from './platform.ts'

/** Reads a whole file. Throws {@link FileSystemError} naming the path and the remedy. */
export async function readFile(path: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const mounted = mountedFile(path)
  if (mounted) return readMounted(mounted, path, signal)
  try {
    const whole = await readInParallel(path, signal)
    if (whole) return whole
    const { buffer, byteOffset, byteLength } = await readFileOfNode(path, { signal })
    return new Uint8Array(buffer, byteOffset, byteLength)
  } catch (error) {
    if (signal?.aborted) throw new AbortError(`reading ${path} was aborted`, { cause: signal.reason })
    throw fileSystemError('read', path, error)
  }
}

let temporaries = 0

/**
 * Writes beside `path`, syncs, renames: a reader sees the old file or the whole new one, even when the disk
 * fills up or the process dies half way. Pieces are written one after the other: each may use the memory of the one
 * before. Throws {@link FileSystemError}; the temporary file is removed.
 */
export async function writeFile(
  path: string,
  bytes: Uint8Array | string | AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = `${path}.${process.pid}-${temporaries++}.tmp`
  try {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncDirectory(dirname(path))
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw fileSystemError('write', path, error)
  }
}

/** The new name, too, outlives a loss of power. Not every system can sync a folder. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path).catch(() => undefined)
  await directory?.sync().catch(() => undefined)
  await directory?.close()
}

/** Removes a file; one that isn't there is no error. Throws {@link FileSystemError} naming the path and the remedy. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true }).catch((error: unknown) => {
    throw fileSystemError('remove', path, error)
  })
}

/** Removes a file, or a folder and all in it; what isn't there is no error. Throws {@link FileSystemError}. */
export async function removeStored(path: string): Promise<void> {
  await rm(path, { force: true, recursive: true }).catch((error: unknown) => {
    throw fileSystemError('remove', path, error)
  })
}

/** Makes a folder and those above it; one that is there is no error. Throws {@link FileSystemError}. */
export async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw fileSystemError('make the folder', path, error)
  })
}

/** Entries of a folder, sorted by name in code-point order; links count as what they point at. */
export async function listDirectory(path: string): Promise<DirectoryEntry[]> {
  if (isMountPath(path)) return listMounted(path)
  try {
    const entries = await readdir(path, { withFileTypes: true })
    const listed = entries.map(async (entry) => ({
      name: entry.name,
      isDirectory: entry.isSymbolicLink() ? await isDirectory(join(path, entry.name)) : entry.isDirectory(),
    }))
    return (await Promise.all(listed)).sort((a, b) => byCodePoint(a.name, b.name))
  } catch (error) {
    throw fileSystemError('list', path, error)
  }
}

/** Joins path segments. */
export function joinPath(...segments: string[]): string {
  return join(...segments)
}

async function isDirectory(path: string): Promise<boolean> {
  // A link to nothing is a file that can't be read, as it is for os.walk.
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

const remedies: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist: check the path',
  EACCES: 'permission denied: change its permissions, or run as a user who may',
  EPERM: 'the system does not permit it: change its permissions, or run as a user who may',
  EISDIR: 'it is a folder, not a file',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'there is a file of that name: choose another one',
  ENOSPC: 'the disk is full: free some space or choose another disk; what stood there before is unchanged',
  EDQUOT: 'the disk quota is used up: free some space; what stood there before is unchanged',
  EROFS: 'the file system is read-only: choose another place',
  EMFILE: 'too many files are open: use fewer workers or raise the limit (ulimit -n)',
  ELOOP: 'its links go round in a circle: remove one of them',
}

/** An error of Node's file system as {@link FileSystemError}, with what to do about it. */
export function fileSystemError(verb: string, path: string, cause: unknown): FileSystemError {
  const { code, message } = cause as NodeJS.ErrnoException
  const missingFolder = verb === 'write' && code === 'ENOENT'
  const remedy = missingFolder
    ? 'its folder does not exist: create it first'
    : (remedies[code ?? ''] ?? message)
  return new FileSystemError(`can't ${verb} ${path}: ${remedy}`, { cause })
}
