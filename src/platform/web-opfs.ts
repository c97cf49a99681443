/** The page's private file system (OPFS): a folder of it, by paths with slashes. Pages and workers see the same. */
import { FileSystemError } from '../core/errors.ts'

const folderName = 'onnx-finetune'

/** Whether a path is one of a file here: it has no scheme. */
export function isPrivatePath(path: string): boolean {
  return !/^[a-z][a-z\d+.-]*:/i.test(path)
}

/** The folder at `path`. Rejects with a `DOMException` named `NotFoundError` where it isn't there, unless it is to be made. */
export async function folderAt(
  path: readonly string[],
  { create = false }: { readonly create?: boolean } = {},
): Promise<FileSystemDirectoryHandle> {
  let folder = await (await privateRoot()).getDirectoryHandle(folderName, { create: true })
  for (const name of path) folder = await folder.getDirectoryHandle(name, { create })
  return folder
}

/** A path's folder and name. */
export function splitPath(path: string): { readonly folder: string[]; readonly name: string } {
  const folder = path.split('/').filter((segment) => segment !== '' && segment !== '.')
  return { name: folder.pop() ?? '', folder }
}

/** The file at `path` as it is on disk, not read yet; `undefined` where there is none, or no such file system. */
export async function privateFile(path: string): Promise<File | undefined> {
  const { folder, name } = splitPath(path)
  try {
    return await (await (await folderAt(folder)).getFileHandle(name)).getFile()
  } catch {
    return undefined
  }
}

async function privateRoot(): Promise<FileSystemDirectoryHandle> {
  const { storage } = globalThis.navigator as Partial<Navigator>
  if (!storage) {
    throw new FileSystemError(
      'this page has no private file system: it is there on https: and on localhost only',
    )
  }
  try {
    return await storage.getDirectory()
  } catch (cause) {
    throw new FileSystemError(
      'the browser gives this page no private file system: allow the site to keep data, and use no private window',
      { cause },
    )
  }
}

/** A failure of the file system as a message with a remedy. */
export async function fileSystemError(verb: string, path: string, cause: unknown): Promise<FileSystemError> {
  if (cause instanceof FileSystemError) return cause
  const { name = '', message = String(cause) } = cause as Partial<DOMException>
  return new FileSystemError(`can't ${verb} ${path}: ${await reasonFor(name, message, verb)}`, { cause })
}

const reasons: Readonly<Record<string, string>> = {
  NotFoundError: "there is no such file or folder among this page's files",
  NoModificationAllowedError: 'another tab or worker is writing it: close that and try again',
  TypeMismatchError: 'a folder is where a file should be, or the other way round',
}

async function reasonFor(name: string, message: string, verb: string): Promise<string> {
  const known = reasons[name]
  if (known !== undefined) return known
  const free = 'free space on the disk, remove old runs and downloads, or keep fewer checkpoints'
  if (name === 'QuotaExceededError') return `there is no room left${await roomLeft()}: ${free}`
  if (verb !== 'write') return message
  // Chromium's word for a quota that is used up in the middle of a file is one for any fault.
  return `the browser gave up (${message}), as it does where there is no room left${await roomLeft()}: ${free}`
}

async function roomLeft(): Promise<string> {
  const { usage, quota }: StorageEstimate = await globalThis.navigator.storage.estimate().catch(() => ({}))
  if (usage === undefined || quota === undefined) return ''
  return ` (this site uses ${megabytes(usage)} of the ${megabytes(quota)} that the browser gives it)`
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
