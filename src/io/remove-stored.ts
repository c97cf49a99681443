import { removeStored as removeOnPlatform } from '#platform'

/**
 * Removes a file, or a folder with all that is in it: a run's checkpoints, or `'downloads'`, in a page, whose private file system
 * no file manager shows. In Node it removes what is at the path. What isn't there is no error.
 *
 * @throws {@link FileSystemError} for what can't be removed, as mounted files and URLs.
 *
 * @example
 * ```ts
 * import { removeStored } from 'onnx-finetune'
 *
 * await removeStored('run')    // the folder given to trainModel as checkpoint.directory
 * ```
 */
export function removeStored(path: string): Promise<void> {
  return removeOnPlatform(path)
}
