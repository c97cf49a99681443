/**
 * Files that were handed to the program instead of lying on a disk: what an `<input>`, a drop, an archive or a list of URLs
 * gave. Mounted, they have paths, `files:1/train/ants/1.jpg`, that the whole library takes. The same in Node and in pages.
 */
import { byCodePoint } from '../core/code-points.ts'
import { AbortError, FileFormatError, FileSystemError } from '../core/errors.ts'
import type { DirectoryEntry, FileStamp } from './platform.ts'

/** A file as plain data, so that a loader worker can read it. */
export interface MountedFile {
  /** Its bytes, or the URL that gives them. */
  readonly from: Blob | string
  /** Whether its bytes are packed, as in a zip archive. */
  readonly isDeflated: boolean
  /** When it was last changed, in ms since 1970; 0 where that isn't known. */
  readonly lastModified: number
}

const scheme = 'files:'
/** A zip archive's directory may lie about what an entry becomes. */
const maxUnpacked = 2 ** 29

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
export function stampOf({ from, lastModified }: MountedFile): FileStamp {
  return { mtimeMs: lastModified, size: typeof from === 'string' ? 0 : from.size }
}

/** Reads a mounted file; `path` is for messages. Throws {@link FileSystemError} or {@link FileFormatError}. */
export async function readMounted(
  { from, isDeflated }: MountedFile,
  path: string,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof from === 'string') return fetchFile(from, signal)
  try {
    return isDeflated ? await inflate(from) : new Uint8Array(await from.arrayBuffer())
  } catch (cause) {
    if (isDeflated) throw new FileFormatError(`${path} can't be unpacked: pack the archive again`, { cause })
    throw new FileSystemError(
      `can't read ${path}: it was changed or removed since it was chosen; choose it again`,
      {
        cause,
      },
    )
  }
}

/** Fetches a whole file; `url` may be `blob:` and `data:` too. Throws {@link FileSystemError} naming it. */
export async function fetchFile(url: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await fetch(url, { signal: signal ?? null })
    if (!response.ok) {
      throw new FileSystemError(
        `can't read ${url}: the server answered ${response.status} ${response.statusText}`.trimEnd(),
      )
    }
    return new Uint8Array(await response.arrayBuffer())
  } catch (error) {
    if (error instanceof FileSystemError) throw error
    if (signal?.aborted) throw new AbortError(`reading ${url} was aborted`, { cause: signal.reason })
    throw new FileSystemError(`can't read ${url}: ${whyNoAnswer()}`, { cause: error })
  }
}

/** A page learns nothing of why a fetch failed. */
function whyNoAnswer(): string {
  const { onLine = true } = globalThis.navigator as Partial<Navigator>
  if (!onLine) return 'this device is offline'
  return (
    'the server can’t be reached, or it doesn’t let pages of other sites read its files (CORS): ' +
    'check the address, or download the file and give that'
  )
}

async function inflate(packed: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: BlobPart[] = []
  let size = 0
  const reader = packed.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return new Uint8Array(await new Blob(pieces).arrayBuffer())
    size += value.length
    if (size > maxUnpacked) throw new RangeError(`more than ${maxUnpacked} bytes`)
    pieces.push(value)
  }
}

function parts(path: string): [root: string, below: string] {
  const [root = '', ...below] = path.replaceAll('\\', '/').split('/').filter(Boolean)
  return [root, below.join('/')]
}
