import { readFile } from '#platform'

import { FileFormatError, throwIfAborted } from '../core/errors.ts'
import type { Tensor } from '../core/tensor.ts'
import { loadPth } from './pth.ts'
import type { PthValue } from './pth-value.ts'
import { stateDictFromPth } from './state-dict.ts'

/** Options of {@link readStateDict}. */
export interface ReadStateDictOptions {
  /** Where the file is a checkpoint, the key that holds the state dict (often `'state_dict'`). Default: the whole file is the state dict. */
  readonly key?: string | undefined
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Reads a file of weights, recognised by its content whatever its name. So far that is `.pth`.
 *
 * @param file - A path, or the file's bytes; tensors may be windows on them.
 * @returns Tensors by their names (`layer1.0.conv1.weight`), ready for `module.loadStateDict`.
 * @throws {@link FileFormatError} if it is of another format, damaged, or holds something else.
 * @throws {@link FileSystemError} if it can't be read.
 *
 * @example
 * ```ts
 * import { readStateDict } from 'onnx-finetune'
 *
 * const stateDict = await readStateDict('resnet18.pth')
 * stateDict.get('fc.weight')?.shape    // [1000, 512]
 * ```
 */
export async function readStateDict(
  file: string | Uint8Array,
  options: ReadStateDictOptions = {},
): Promise<Map<string, Tensor>> {
  const { key, signal } = options
  const source = typeof file === 'string' ? file : 'the weights'
  throwIfAborted(signal, `reading ${source}`)
  const bytes = typeof file === 'string' ? await readFile(file, signal) : file
  checkFormat(bytes, source)
  const value = await loadPth(bytes, { signal, source })
  if (key === undefined) return stateDictFromPth(value, source)
  const dict: ReadonlyMap<unknown, PthValue> = value instanceof Map ? value : new Map()
  if (dict.has(key)) return stateDictFromPth(dict.get(key), `'${key}' of ${source}`)
  throw new FileFormatError(
    `${source} holds nothing under the key '${key}'. Leave it out to see what it holds.`,
  )
}

/** `.pth` opens as a zip or, before PyTorch 1.6, as a pickle; `.safetensors` with the length of a JSON header. */
function checkFormat(bytes: Uint8Array, source: string): void {
  const [first, second, third] = bytes
  if ((first === 0x50 && second === 0x4b) || (first === 0x80 && third !== undefined)) return
  if (bytes.length === 0) throw new FileFormatError(`${source} is empty. Download or save it again.`)
  const format =
    bytes[8] === 0x7b ? 'a .safetensors file, which this version does not read' : 'no file of weights'
  throw new FileFormatError(
    `${source} is ${format}. Expected a .pth file: torch.save(model.state_dict(), 'weights.pth').`,
  )
}
