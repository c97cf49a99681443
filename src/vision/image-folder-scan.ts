/** Finds the classes and pictures of a folder, in torchvision's order. */
import { joinPath, listDirectory } from '#platform'

import { byCodePoint } from '../core/code-points.ts'
import { DataError } from '../core/errors.ts'
import { heicRemedy } from './codecs/unknown-format.ts'

/** A picture file and its class. */
export interface ImageFile {
  readonly path: string
  /** Index of the class in `classes`. */
  readonly label: number
}

/** A file that was left out, and why. */
export interface SkippedFile {
  readonly path: string
  readonly reason: string
}

/** What a folder of class folders holds. */
export interface FolderScan {
  readonly classes: readonly string[]
  readonly samples: readonly ImageFile[]
  readonly skipped: readonly SkippedFile[]
}

/** Extensions of pictures, those of torchvision's `IMG_EXTENSIONS` and more. */
const pictures = ['.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp', '.gif', '.avif', '.heic', '.heif']

/**
 * Lists `root`: each folder in it is a class, sorted by name; its files are taken folder by folder, sorted by
 * path, through links; those count whose names end as `decodable` says. Throws {@link DataError} if there is no class, or a class without a picture.
 */
export async function scanImageFolder(root: string, decodable: readonly string[]): Promise<FolderScan> {
  const entries = await listDirectory(root)
  const classes = entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name)
  if (classes.length === 0) {
    throw new DataError(
      `couldn't find any class folder in ${root}: put the pictures into one folder for each class, as in ` +
        `${joinPath(root, 'ants', '1.jpg')} and ${joinPath(root, 'bees', '2.jpg')}`,
    )
  }
  const samples: ImageFile[] = []
  const skipped: SkippedFile[] = []
  const empty: string[] = []
  for (const [label, name] of classes.entries()) {
    const before = samples.length
    for (const path of await filesBelow(joinPath(root, name))) {
      const reason = reasonToSkip(path, decodable)
      if (reason === undefined) samples.push({ path, label })
      else skipped.push({ path, reason })
    }
    if (samples.length === before) empty.push(name)
  }
  if (empty.length > 0) throw emptyClasses(root, empty, skipped, decodable)
  return { classes, samples, skipped }
}

/** All files below `folder`: as Python's `sorted(os.walk(folder, followlinks=True))`, then sorted by name. */
async function filesBelow(folder: string): Promise<string[]> {
  const found: { readonly folder: string; readonly files: readonly string[] }[] = []
  const walk = async (at: string): Promise<void> => {
    const entries = await listDirectory(at)
    const files = entries.filter(({ isDirectory }) => !isDirectory).map(({ name }) => joinPath(at, name))
    found.push({ folder: at, files })
    for (const { name, isDirectory } of entries) if (isDirectory) await walk(joinPath(at, name))
  }
  await walk(folder)
  // By the whole path: `a-b` comes before `a/c`, since `-` comes before `/`.
  return found.sort((a, b) => byCodePoint(a.folder, b.folder)).flatMap(({ files }) => files)
}

function reasonToSkip(path: string, decodable: readonly string[]): string | undefined {
  const name = path.toLowerCase()
  if (decodable.some((extension) => name.endsWith(extension))) return undefined
  const other = pictures.find((extension) => name.endsWith(extension))
  if (other === undefined) return `its name does not end as a picture's: ${decodable.join(', ')}`
  const remedy = other.startsWith('.hei') ? heicRemedy : 'convert it to JPEG or PNG'
  return `${other} files can't be decoded: ${remedy}`
}

function emptyClasses(
  root: string,
  empty: readonly string[],
  skipped: readonly SkippedFile[],
  decodable: readonly string[],
): DataError {
  const [first] = skipped.filter(({ path }) =>
    empty.some((name) => path.startsWith(joinPath(root, name, '/'))),
  )
  const found = first ? ` Found, but skipped: ${first.path} (${first.reason}).` : ''
  return new DataError(
    `found no picture for the classes ${empty.join(', ')} in ${root}; supported extensions are ` +
      `${decodable.join(', ')}.${found} Add pictures, or remove the empty folders.`,
  )
}
