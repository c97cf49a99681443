/** From what a program was handed, an input's files, a folder's handle, a drop, an archive or a list, to a path for the library. */
import { mount, readFile, unmount, type MountedFile } from '#platform'

import { ArgumentError, DataError } from '../core/errors.ts'
import { filesOfDrop, filesOfHandle } from './mount-handles.ts'
import { filesOfManifest } from './mount-manifest.ts'

/**
 * Files by path, each as bytes or as the URL that gives them; a list of files, as an `<input type="file" webkitdirectory>` has;
 * a folder's handle, as `showDirectoryPicker` gives; what was dropped, which must be handed over in the event's own turn; a
 * `.zip` archive; or the URL of an archive or a manifest.
 */
export type FileSource =
  | Readonly<Record<string, Blob | string>>
  | Iterable<File>
  | ArrayLike<File>
  | FileSystemDirectoryHandle
  | DataTransfer
  | Blob
  | URL

/**
 * Gives files a path, that `ImageFolder.open` and everything else that reads takes, in pages and in Node. Nothing is read
 * yet, and nothing is copied: of an archive only its directory is, at first. Hidden files, and what systems leave in archives, are
 * left out. The root is the folder that was chosen or dropped; in an archive, the folder that all others are in, if there is one.
 *
 * A manifest is JSON: `{ "train/ants/1.jpg": "https://example.org/1.jpg" }`, or a list of paths beside it,
 * `["train/ants/1.jpg"]`; URLs are relative to the manifest's.
 *
 * @returns The root's path; it holds until {@link unmountFiles} or the program's end.
 * @throws {@link DataError} where there is no file in it.
 * @throws {@link ArgumentError} for what is no source of files.
 * @throws {@link FileFormatError} for a damaged archive or manifest, {@link FileSystemError} for one that can't be read.
 *
 * @example
 * ```ts
 * import { ImageFolder, mountFiles } from 'onnx-finetune'
 *
 * declare const input: { readonly files: FileList }   // <input type="file" webkitdirectory>
 * const train = await ImageFolder.open(`${await mountFiles(input.files)}/train`)
 * ```
 */
export async function mountFiles(source: FileSource): Promise<string> {
  const files = await filesOf(source)
  if (files.size === 0)
    throw new DataError('there is no file in what was given: choose a folder with files in it')
  return mount(files)
}

/** Lets go of the files that {@link mountFiles} gave a path. */
export function unmountFiles(root: string): void {
  unmount(root)
}

type Files = ReadonlyMap<string, MountedFile>

/** Loaded with the first archive. */
const zips = () => import('./mount-zip.ts')

async function filesOf(source: FileSource): Promise<Files> {
  if (source instanceof URL) return withoutCommonFolder(withoutHidden(await filesOfUrl(source)), false)
  if (source instanceof Blob) return filesOfArchive(source)
  if (isDrop(source)) return filesOfChoice(await filesOfDrop(source), true)
  // Its paths begin in the folder that was chosen, which is the root whatever is in it.
  if (isHandle(source)) return withoutHidden(await filesOfHandle(source))
  if (isList(source)) {
    const files = Array.from(source as ArrayLike<File>)
    return filesOfChoice(filesOfList(files), Boolean(files[0]?.webkitRelativePath))
  }
  if (isNamed(source)) {
    return new Map(Object.entries(source).map(([path, from]) => [checkedPath(path), mounted(from)]))
  }
  throw new ArgumentError(
    'mountFiles takes files by path, a list of files, the handle of a folder, a drop, a .zip or a URL',
  )
}

async function filesOfUrl(url: URL): Promise<Files> {
  const bytes = await readFile(url.href)
  const { filesOfZip, isZip } = await zips()
  return isZip(bytes) ? filesOfZip(new Blob([bytes]), url.href) : filesOfManifest(bytes, url)
}

function filesOfList(files: readonly File[]): Files {
  const found = new Map<string, MountedFile>()
  for (const file of files) {
    const path = file.webkitRelativePath || file.name
    if (found.has(path)) {
      throw new ArgumentError(
        `mountFiles: there are two files '${path}': give files by path, as { 'ants/1.jpg': file, 'bees/1.jpg': other }`,
      )
    }
    found.set(path, mounted(file))
  }
  return found
}

/**
 * What a user picked or dropped: an archive, where it is alone, is meant for what is in it.
 *
 * @param isFolder - Whether paths begin with the name of the folder that was chosen: of an `<input webkitdirectory>`, and a drop.
 */
async function filesOfChoice(found: Files, isFolder: boolean): Promise<Files> {
  const files = withoutHidden(found)
  const [only] = files.values()
  const isArchive = files.size === 1 && only?.from instanceof File && /\.zip$/i.test(only.from.name)
  return isArchive ? filesOfArchive(only.from) : withoutCommonFolder(files, isFolder)
}

async function filesOfArchive(archive: Blob): Promise<Files> {
  return withoutCommonFolder(withoutHidden(await (await zips()).filesOfZip(archive)), false)
}

/** A file as it will be read. */
function mounted(from: Blob | string): MountedFile {
  const lastModified = from instanceof File ? from.lastModified : 0
  return { from, lastModified }
}

function checkedPath(path: string): string {
  const segments = path.split('/')
  if (path !== '' && !segments.some((segment) => ['', '.', '..'].includes(segment))) return path
  throw new ArgumentError(`mountFiles: '${path}' is no path below a folder, as 'train/ants/1.jpg'`)
}

function withoutHidden(files: Files): Files {
  const isHidden = (path: string) =>
    path.split('/').some((name) => name.startsWith('.') || name === '__MACOSX') ||
    /(^|\/)(Thumbs\.db|desktop\.ini)$/i.test(path)
  return new Map([...files].filter(([path]) => !isHidden(path)))
}

/**
 * `photos/ants/1.jpg` is `ants/1.jpg`, even beside `photos/readme.txt`. Of `ants/1.jpg` in an archive nothing goes if there is
 * nothing but ants: only of a folder that was chosen is it known that it's the root.
 */
function withoutCommonFolder(files: Files, isChosen: boolean): Files {
  const paths = [...files.keys()].map((path) => path.split('/'))
  const [top] = paths[0] ?? []
  const isCommon = paths.every((path) => path.length > 1 && path[0] === top)
  if (!isCommon || !(isChosen || paths.some((path) => path.length > 2))) return files
  return new Map([...files].map(([path, file]) => [path.slice(path.indexOf('/') + 1), file]))
}

function isList(source: FileSource): source is Iterable<File> | ArrayLike<File> {
  return !(source instanceof Blob) && (Symbol.iterator in source || 'length' in source)
}

function isNamed(source: FileSource): source is Readonly<Record<string, Blob | string>> {
  return Object.getPrototypeOf(source) === Object.prototype
}

function isHandle(source: object): source is FileSystemDirectoryHandle {
  return 'kind' in source && source.kind === 'directory'
}

function isDrop(source: object): source is DataTransfer {
  return 'items' in source && 'dropEffect' in source
}
