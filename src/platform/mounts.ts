/**
 * Files that were handed to the program instead of lying on a disk: what an `<input>`, a drop, an archive or a list of URLs
 * gave. Mounted, they have paths, `files:1/train/ants/1.jpg`, that the whole library takes. The same in Node and in pages.
 */
import { byCodePoint } from '../core/code-points.ts'
import { AbortError, FileSystemError, OnnxFinetuneError } from '../core/errors.ts'
import { fetchFile } from './fetch-file.ts'
import type { DirectoryEntry, FileStamp } from './platform.ts'
import { unzip, type ZippedFile } from './unzip.ts'

/** A file as plain data, so that a loader worker can read it. */
export interface MountedFile {
  /** Its bytes, or the URL that gives them. */
  readonly from: Blob | string
  /** Of a file in a zip archive: `from` begins with its header there, and these are its bytes. */
  readonly zipped?: ZippedFile | undefined
  /** When it was last changed, in ms since 1970; 0 where that isn't known. */
  readonly lastModified: number
}

const scheme = 'files:'

const mounts = new Map<string, ReadonlyMap<string, MountedFile>>()
let count = 0

/** Gives files paths; the root's is returned. Keys are paths below it, with slashes. */
export function mount(files: ReadonlyMap<string, MountedFile>): string {
  const root = `${scheme}${++count}`
  mounts.set(root, files)
  return root
}

/** Lets go of the files; a root that isn't mounted is no error. */
export function unmount(root: string): void {
  mounts.delete(root)
}

/** Whether a path is one of a mounted file or folder. */
export function isMountPath(path: string): boolean {
  return path.startsWith(scheme)
}

/** The file at a path; `undefined` for paths of other kinds. Throws {@link FileSystemError} where there is none. */
export function mountedFile(path: string): MountedFile | undefined {
  if (!isMountPath(path)) return undefined
  const [root, below] = parts(path)
  const found = mounts.get(root)?.get(below)
  if (found) return found
  throw new FileSystemError(`can't read ${path}: there is no such file among those that were mounted`)
}

/** Entries of a mounted folder, sorted by name in code-point order. Throws {@link FileSystemError}. */
export function listMounted(path: string): DirectoryEntry[] {
  const [root, below] = parts(path)
  const files = mounts.get(root)
  if (!files) throw new FileSystemError(`can't list ${path}: nothing is mounted there (any more)`)
  const prefix = below === '' ? '' : `${below}/`
  const entries = new Map<string, DirectoryEntry>()
  for (const file of files.keys()) {
    if (!file.startsWith(prefix)) continue
    const [name = '', ...rest] = file.slice(prefix.length).split('/')
    entries.set(name, { name, isDirectory: rest.length > 0 })
  }
  if (entries.size === 0)
    throw new FileSystemError(`can't list ${path}: there is no such folder in what was mounted`)
  return [...entries.values()].sort((a, b) => byCodePoint(a.name, b.name))
}

/** What tells whether a mounted file has changed. */
export function stampOf({ from, lastModified, zipped }: MountedFile): FileStamp {
  // Of a file in an archive the checksum tells more than any time.
  if (zipped) return { mtimeMs: zipped.crc32, size: zipped.size }
  return { mtimeMs: lastModified, size: typeof from === 'string' ? 0 : from.size }
}

/** Reads a mounted file; `path` is for messages. Throws {@link FileSystemError} or `FileFormatError`. */
export async function readMounted(
  { from, zipped }: MountedFile,
  path: string,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (signal?.aborted) throw new AbortError(`reading ${path} was aborted`, { cause: signal.reason })
  if (typeof from === 'string') return fetchFile(from, signal)
  try {
    return zipped ? await unzip(from, zipped, path) : new Uint8Array(await from.arrayBuffer())
  } catch (cause) {
    if (cause instanceof OnnxFinetuneError) throw cause
    throw new FileSystemError(
      `can't read ${path}: it was changed or removed since it was chosen, or may not be read; choose it again`,
      { cause },
    )
  }
}

function parts(path: string): [root: string, below: string] {
  const [root = '', ...below] = path.replaceAll('\\', '/').split('/').filter(Boolean)
  return [root, below.join('/')]
}
