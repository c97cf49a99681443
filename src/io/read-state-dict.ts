import { readFile } from '#platform'

import { FileFormatError, throwIfAborted } from '../core/errors.ts'
import type { Tensor } from '../core/tensor.ts'
import { readPth } from './pth.ts'
import type { PthValue } from './pth-value.ts'
import { decodeSafetensors } from './safetensors-decode.ts'
import { isShardIndex, readShards } from './sharded.ts'
import { stateDictFromPth } from './state-dict.ts'
import { weightsAt } from './weights-folder.ts'

/** Options of {@link readStateDict}. */
export interface ReadStateDictOptions {
  /** Where a `.pth` file is a checkpoint, the key that holds the state dict (often `'state_dict'`). Default: the whole file is the state dict. */
  readonly key?: string | undefined
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined
  /** What to call the file in messages. Default: its path. */
  readonly source?: string | undefined
}

/**
 * Reads a file of weights, `.pth` or `.safetensors`, recognised by its content whatever its name. Weights in several
 * files are read by the path of their index (`model.safetensors.index.json`), or of the folder that has it.
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
  const path = typeof file === 'string' ? await weightsAt(file) : undefined
  const source = options.source ?? path ?? 'the weights'
  throwIfAborted(signal, `reading ${source}`)
  const bytes = path === undefined ? (file as Uint8Array) : await readFile(path, signal)
  if (path !== undefined && isShardIndex(bytes)) {
    return readShards(path, bytes, (shard) => readShard(shard, options))
  }
  if (formatOf(bytes, source) === 'safetensors') {
    if (key === undefined) return decodeSafetensors(bytes, source).tensors
    throw new FileFormatError(
      `${source} is a .safetensors file, which has no keys above its tensors: leave out key`,
    )
  }
  const value = await readPth(bytes, { signal, source })
  if (key === undefined) return stateDictFromPth(value, source)
  const dict: ReadonlyMap<unknown, PthValue> = value instanceof Map ? value : new Map()
  if (dict.has(key)) return stateDictFromPth(dict.get(key), `'${key}' of ${source}`)
  throw new FileFormatError(
    `${source} holds nothing under the key '${key}'. Leave it out to see what it holds.`,
  )
}

/** A shard is a file by itself: an index or a folder in its place would go round in a circle. */
async function readShard(path: string, { key, signal }: ReadStateDictOptions): Promise<Map<string, Tensor>> {
  return readStateDict(await readFile(path, signal), { key, signal, source: path })
}

/**
 * `.safetensors` opens with the length of its header in 8 bytes, of which the upper ones are 0, and a '{'; `.pth` as a
 * zip ('PK') or, before PyTorch 1.6, as a pickle (0x80). A length may begin like those two, but neither has the zeros
 * and the '{' behind.
 */
function formatOf(bytes: Uint8Array, source: string): 'pth' | 'safetensors' {
  const hasBrace = bytes[8] === 0x7b
  if (hasBrace && bytes.subarray(4, 8).every((byte) => byte === 0)) return 'safetensors'
  if ((bytes[0] === 0x50 && bytes[1] === 0x4b) || (bytes[0] === 0x80 && bytes.length > 2)) return 'pth'
  // With a damaged length.
  if (hasBrace) return 'safetensors'
  if (bytes.length === 0) throw new FileFormatError(`${source} is empty. Download or save it again.`)
  throw new FileFormatError(
    `${source} is no file of weights. Expected a .safetensors file, or a .pth file: ` +
      "torch.save(model.state_dict(), 'weights.pth').",
  )
}
