import { joinPath, listDirectory } from '#platform'

import { FileFormatError } from '../core/errors.ts'

/** What a folder may hold, the best first: an index names all its files, and `.safetensors` can't hold code. */
const kinds = [
  /\.safetensors\.index\.json$/,
  /\.safetensors$/,
  /\.(bin|pth|pt)\.index\.json$/,
  /\.(bin|pth|pt)$/,
]

/**
 * The file of weights that is meant by a path: the path itself or, of a folder as a model hub's tools download it, its
 * index if the weights are in several files, else its only `.safetensors`, else its only `.bin`, `.pth` or `.pt`.
 *
 * @throws {@link FileFormatError} if a folder has none, or several to choose from.
 */
export async function weightsAt(path: string): Promise<string> {
  // A file is no folder, and what can't be listed is left to the reading, which says why.
  const entries = await listDirectory(path).catch(() => undefined)
  if (!entries) return path
  const names = entries.flatMap((entry) => (entry.isDirectory ? [] : [entry.name]))
  const found = kinds.map((kind) => names.filter((name) => kind.test(name))).find(({ length }) => length > 0)
  if (!found) {
    throw new FileFormatError(
      `the folder ${path} holds no weights: expected a .safetensors or .pth file, or a model.safetensors.index.json with its files`,
    )
  }
  if (found.length === 1) return joinPath(path, found[0]!)
  throw new FileFormatError(
    `the folder ${path} holds ${found.length} files of weights: give the path of one of ${found.join(', ')}`,
  )
}
