/** Which class each file of a folder or .zip belongs to. */
import type { IncomingFile, SkippedFile, Split } from './picture.ts'

/** A file with its class. */
export interface PlacedFile {
  readonly name: string
  readonly className: string
  readonly split?: Split | undefined
  readonly file: Blob
}

/** What became of a folder. */
export interface SortedFiles {
  readonly placed: readonly PlacedFile[]
  readonly skipped: readonly SkippedFile[]
}

const splits: Readonly<Record<string, Split | 'test'>> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  test: 'test',
}

/** What systems leave in folders, and nobody means. */
const litter = /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i

interface Located {
  readonly folders: readonly string[]
  readonly name: string
  readonly file: Blob
}

/**
 * One sub-folder a class, or `train` and `val` (also `test`, where there is no `val`) with one sub-folder a class each.
 * Folders around all of that don't matter; a folder that has only pictures is a class itself.
 */
export function sortFiles(files: readonly IncomingFile[]): SortedFiles {
  const located = withoutCommonFolders(files.filter(({ path }) => !litter.test(path)).map(locate))
  const hasVal = located.some(({ folders }) => splits[folders[0]?.toLowerCase() ?? ''] === 'val')
  const placed: PlacedFile[] = []
  const skipped: SkippedFile[] = []
  for (const { folders, name, file } of located) {
    const split = folders.length > 1 ? splits[folders[0]!.toLowerCase()] : undefined
    const className = split ? folders[1] : folders[0]
    if (className === undefined) {
      skipped.push({ name, reason: 'it lies beside the class folders, not in one' })
    } else if (split === 'test' && hasVal) {
      skipped.push({ name, reason: 'pictures in “test” are left alone, since there is a “val”' })
    } else {
      placed.push({ name, className, split: split === 'test' ? 'val' : split, file })
    }
  }
  return { placed, skipped }
}

function locate({ path, file }: IncomingFile): Located {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.' && part !== '..')
  return { folders: parts.slice(0, -1), name: parts.at(-1) ?? path, file }
}

/** Takes off the folders that all files are in; the innermost stays where it is the only one. */
function withoutCommonFolders(files: readonly Located[]): readonly Located[] {
  const [first] = files
  if (!first) return files
  let common = 0
  while (
    common < first.folders.length &&
    files.every(({ folders }) => folders[common] === first.folders[common])
  ) {
    common++
  }
  if (files.every(({ folders }) => folders.length === common)) common--
  return files.map((file) => ({ ...file, folders: file.folders.slice(Math.max(0, common)) }))
}
