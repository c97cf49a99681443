import { readFile } from '#platform'

import { FileFormatError, throwIfAborted } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import { bytesOfInput, nameOfInput } from './file-input.ts'
import { readPth } from './pth.ts'
import { decodeSafetensors } from './safetensors-decode.ts'
import { isShardIndex, readShards } from './sharded.ts'
import { findStateDict, type FindStateDictOptions } from './state-dict.ts'
import { weightsAt } from './weights-folder.ts'

/** Options of {@link readStateDict}. */
export interface ReadStateDictOptions extends FindStateDictOptions {
  /**
   * Where a `.pth` file is a checkpoint, the key that holds the state dict (often `'state_dict'`), or several from the
   * outside in. Default: the only state dict in it.
   */
  readonly key?: string | readonly string[] | undefined
  /**
   * Element type of what has floating-point numbers. Models have float32, and PyTorch's `load_state_dict` rounds to it;
   * `'stored'` leaves float64 as it is (float16 and bfloat16 are float32 here in any case). Default: `'float32'`.
   */
  readonly floats?: 'float32' | 'stored' | undefined
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined
  /** What to call the file in messages. Default: its path. */
  readonly source?: string | undefined
}

/**
 * Reads a file of weights, `.pth` or `.safetensors`, recognised by its content whatever its name. Weights in several
 * files are read by the path of their index (`model.safetensors.index.json`), or of the folder that has it. In a
 * checkpoint it finds the state dict, as {@link findStateDict} does, and takes off a prefix that all names have.
 *
 * @param file - A path, a `File` or the file's bytes; tensors may be windows on them.
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
  file: string | Uint8Array | Blob,
  options: ReadStateDictOptions = {},
): Promise<Map<string, Tensor>> {
  const { signal, keepPrefix, floats = 'float32' } = options
  const path = typeof file === 'string' ? await weightsAt(file) : undefined
  const source = options.source ?? path ?? nameOfInput(file, 'the weights')
  throwIfAborted(signal, `reading ${source}`)
  const bytes = await bytesOfInput(path ?? file, source, signal)
  const stateDict =
    path !== undefined && isShardIndex(bytes)
      ? findStateDict(await readShards(path, bytes, (shard) => readShard(shard, options)), { keepPrefix })
      : await readOne(bytes, { ...options, source })
  return floats === 'stored' ? stateDict : toFloat32(stateDict)
}

async function readOne(
  bytes: Uint8Array,
  options: ReadStateDictOptions & { readonly source: string },
): Promise<Map<string, Tensor>> {
  const { key, signal, source } = options
  if (formatOf(bytes, source) === 'pth')
    return findStateDict(await readPth(bytes, { signal, source }), options)
  if (key === undefined) return findStateDict(decodeSafetensors(bytes, source).tensors, options)
  throw new FileFormatError(
    `${source} is a .safetensors file, which has no keys above its tensors: leave out key`,
  )
}

/** A shard is a file by itself: an index or a folder in its place would go round in a circle. */
async function readShard(path: string, options: ReadStateDictOptions): Promise<Map<string, Tensor>> {
  return readOne(await readFile(path, options.signal), { ...options, keepPrefix: true, source: path })
}

function toFloat32(stateDict: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map(
    [...stateDict].map(([name, tensor]) => {
      if (tensor.dtype !== 'float64') return [name, tensor]
      return [name, new Tensor('float32', Float32Array.from(tensor.data as Float64Array), tensor.shape)]
    }),
  )
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
