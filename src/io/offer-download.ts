import { offerDownload as offerOnPlatform } from '#platform'

/**
 * In a page, offers a file to the user as a download: one that the library wrote to the page's private file system, or bytes.
 * The browser copies a file from disk, without its passing through memory.
 *
 * @param what - The path that `exportOnnx` or `saveWeights` was given, or the bytes.
 * @param name - What to call it. Default: the path's last part.
 * @throws {@link FileSystemError} if there is no such file.
 * @throws {@link RuntimeError} in Node, where it is a file already.
 *
 * @example
 * ```ts
 * import { models, offerDownload, saveWeights } from 'onnx-finetune'
 *
 * await saveWeights('ants-bees.safetensors', await models.resnet18({ numClasses: 2 }))
 * await offerDownload('ants-bees.safetensors')
 * ```
 */
export function offerDownload(what: string | Blob | Uint8Array<ArrayBuffer>, name?: string): Promise<void> {
  const fallback = typeof what === 'string' ? what.split('/').at(-1)! : 'download'
  return offerOnPlatform(what instanceof Uint8Array ? new Blob([what]) : what, name ?? fallback)
}
