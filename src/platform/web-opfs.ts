/** The page's private file system (OPFS): a folder of it, by paths with slashes. Pages and workers see the same. */
import { FileSystemError } from '../core/errors.ts'
import { namesOf } from './web-paths.ts'

const folderName = 'onnx-finetune'

/** Chromium, Firefox and Safari have it for this file system, and TypeScript's types don't yet. */
export interface MovableFile extends FileSystemFileHandle {
  /** Renames it, taking the place of a file of that name. */
  move(name: string): Promise<void>
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

/** A path's folder and name. Throws {@link FileSystemError} for one that leads out of the page's folder. */
export function splitPath(path: string): { readonly folder: string[]; readonly name: string } {
  const folder = namesOf(path)
  const name = folder.pop()
  if (name !== undefined) return { name, folder }
  throw new FileSystemError(`'${path}' is no path of a file of this page's`)
}

/**
 * The file at `path` as it is on disk, not read yet; `undefined` where there is none.
 *
 * @throws {@link FileSystemError} where the page has no such file system.
 */
export async function privateFile(path: string): Promise<File | undefined> {
  const { folder, name } = splitPath(path)
  try {
    return await (await (await folderAt(folder)).getFileHandle(name)).getFile()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw await fileSystemError('read', path, error)
  }
}

/** Whether there is no such file or folder, or one of the other kind. */
export function isMissing(error: unknown): boolean {
  const { name } = error as Partial<DOMException>
  // TypeError: a name that no file can have.
  return name === 'NotFoundError' || name === 'TypeMismatchError' || error instanceof TypeError
}

async function privateRoot(): Promise<FileSystemDirectoryHandle> {
  const { storage } = globalThis.navigator as Partial<Navigator>
  if (typeof storage?.getDirectory !== 'function') throw new FileSystemError(whyNone())
  try {
    return await storage.getDirectory()
  } catch (cause) {
    throw new FileSystemError(
      'the browser gives this page no private file system: allow the site to keep data (cookies), and use no private window',
      { cause },
    )
  }
}

function whyNone(): string {
  return (globalThis as { readonly isSecureContext?: boolean }).isSecureContext === false
    ? 'this page has no private file system, since it came by http: serve it by https, or from localhost'
    : 'this browser has no private file system for pages (OPFS): use Chrome or Edge, Firefox from 111, or Safari from 26'
}

/** A failure of the file system as a message with a remedy. */
export async function fileSystemError(verb: string, path: string, cause: unknown): Promise<FileSystemError> {
  if (cause instanceof FileSystemError) {
    const { message } = cause
    return new FileSystemError(message.startsWith("can't ") ? message : `can't ${verb} ${path}: ${message}`, {
      cause,
    })
  }
  const { name = '', message = String(cause) } = cause as Partial<DOMException>
  return new FileSystemError(`can't ${verb} ${path}: ${await reasonFor(name, message, verb)}`, { cause })
}

const reasons: Readonly<Record<string, string>> = {
  NoModificationAllowedError: 'another tab or worker is writing it: close that and try again',
  TypeMismatchError: 'a folder is where a file should be, or the other way round',
  NotReadableError: 'it was changed or removed while it was read: read it again',
  TypeError: 'a file can not be named so: use letters, digits, - and _',
}

async function reasonFor(name: string, message: string, verb: string): Promise<string> {
  if (name === 'NotFoundError') {
    if (verb === 'write') return 'its folder is not there: make it first'
    return "there is no such file or folder among this page's files"
  }
  const known = reasons[name]
  if (known !== undefined) return known
  const free =
    'remove old runs and downloads by removeStored(path), keep fewer checkpoints, or free space on the disk; ' +
    'what stood there before is unchanged'
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
