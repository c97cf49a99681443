import { writeFile } from '#platform'

import { throwIfAborted } from '../core/errors.ts'
import type { Tensor } from '../core/tensor.ts'
import { bytesOfInput, nameOfInput } from './file-input.ts'
import { decodeSafetensors, type SafetensorsFile } from './safetensors-decode.ts'
import { encodeSafetensors } from './safetensors-encode.ts'

/** Options of {@link readSafetensors}. */
export interface ReadSafetensorsOptions {
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined
  /** What to call the file in messages. Default: its path. */
  readonly source?: string | undefined
}

/**
 * Reads a `.safetensors` file: tensors by name, and its metadata. Nothing in such a file can be code.
 *
 * float16 and bfloat16 tensors become float32, int8, int16 and uint16 become int32; other element types stay. Tensors
 * are windows on the file's bytes where they are aligned: copy one before you change it or send it to a worker.
 *
 * @param file - A path, a `File` or the file's bytes.
 * @throws {@link FileFormatError} if it is no such file, is damaged, or has an element type that can't be read.
 * @throws {@link FileSystemError} if it can't be read.
 * @see https://github.com/huggingface/safetensors#format
 *
 * @example
 * ```ts
 * import { models, readSafetensors } from 'onnx-finetune'
 *
 * const { tensors, metadata } = await readSafetensors('best.safetensors')
 * metadata.classes    // 'ants,bees'
 * const model = await models.resnet18({ weights: tensors, numClasses: 2 })
 * ```
 */
export async function readSafetensors(
  file: string | Uint8Array | Blob,
  options: ReadSafetensorsOptions = {},
): Promise<SafetensorsFile> {
  const { signal } = options
  const source = options.source ?? nameOfInput(file, 'the .safetensors file')
  throwIfAborted(signal, `reading ${source}`)
  return decodeSafetensors(await bytesOfInput(file, source, signal), source)
}

/** Options of {@link writeSafetensors}. */
export interface WriteSafetensorsOptions {
  /** Texts to keep with the tensors: class names, the accuracy, how they were trained. Default: none. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/**
 * Writes tensors to a `.safetensors` file, which the Python package `safetensors` reads too. The file appears whole or
 * not at all.
 *
 * @param tensors - By name, such as a state dict.
 * @throws {@link FileSystemError} if it can't be written.
 * @throws {@link ArgumentError} for a tensor named `__metadata__`.
 *
 * @example
 * ```ts
 * import { models, writeSafetensors } from 'onnx-finetune'
 *
 * const model = await models.resnet18({ numClasses: 2 })
 * await writeSafetensors('best.safetensors', model.stateDict(), { metadata: { classes: 'ants,bees' } })
 * ```
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  { metadata }: WriteSafetensorsOptions = {},
): Promise<void> {
  await writeFile(path, encodeSafetensors(tensors, metadata))
}
