import { joinPath, listDirectory } from '#platform'

import { FileFormatError, FileSystemError } from '../core/errors.ts'
import type { Tensor } from '../core/tensor.ts'
import { duplicateKey } from './json-keys.ts'

/**
 * Weights in several files, as Hugging Face's tools split them: `model.safetensors.index.json` says which file (shard)
 * has which tensor, and the shards lie beside it.
 */

/** Reads one shard. */
export type ReadShard = (path: string) => Promise<ReadonlyMap<string, Tensor>>

/** Whether the bytes are JSON's: no other file of weights begins with a brace. */
export function isShardIndex(bytes: Uint8Array): boolean {
  // `.safetensors` begins with the length of its header, below 2³² and so with zeros in bytes 4 to 7; JSON has none.
  return bytes[0] === 0x7b && !bytes.subarray(4, 8).includes(0)
}

/**
 * The tensors of all shards, in the order of the index.
 *
 * @param path - Where the index lies.
 * @param bytes - What it holds.
 * @throws {@link FileFormatError} if it is no index, names a file elsewhere, or doesn't agree with the shards.
 * @throws {@link FileSystemError} naming all shards that are missing.
 */
export async function readShards(
  path: string,
  bytes: Uint8Array,
  readShard: ReadShard,
): Promise<Map<string, Tensor>> {
  const weightMap = parseIndex(bytes, path)
  const shards = [...new Set(weightMap.values())]
  await checkPresent(shards, path)
  const tensors = new Map<string, Tensor>()
  for (const shard of shards) {
    const read = await readShard(joinPath(path, '..', shard))
    checkAgreement(read, weightMap, shard, path)
    for (const [key, tensor] of read) tensors.set(key, tensor)
  }
  return new Map([...weightMap.keys()].map((key) => [key, tensors.get(key)!]))
}

/** The file that has each tensor, by the tensor's name. */
function parseIndex(bytes: Uint8Array, source: string): Map<string, string> {
  let index: unknown
  let twice: string | undefined
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    index = JSON.parse(text)
    twice = duplicateKey(text)
  } catch (cause) {
    throw broken(source, `it is no JSON (${(cause as Error).message})`, cause)
  }
  if (twice !== undefined) throw broken(source, `it names '${twice}' twice`)
  const weightMap = (index as { readonly weight_map?: unknown } | null)?.weight_map
  if (typeof weightMap !== 'object' || weightMap === null || Array.isArray(weightMap)) {
    throw broken(source, 'it has no weight_map from tensors to files')
  }
  const entries = Object.entries(weightMap)
  for (const [key, shard] of entries) checkShardName(key, shard, source)
  return new Map(entries as [string, string][])
}

/** A shard lies beside its index: a path to anywhere else has no place in one, and may be an attack. */
function checkShardName(key: string, shard: unknown, source: string): void {
  const isPlain = typeof shard === 'string' && /^[^/\\:\0]+$/.test(shard) && shard !== '.' && shard !== '..'
  if (isPlain) return
  throw broken(source, `it says that '${key}' is in ${JSON.stringify(shard)}, which is no plain file name`)
}

async function checkPresent(shards: readonly string[], path: string): Promise<void> {
  // A browser page can't list what lies beside a URL: there the reading finds out.
  const present = await listDirectory(joinPath(path, '..')).catch(() => undefined)
  if (!present) return
  const names = new Set(present.map(({ name }) => name))
  const missing = shards.filter((shard) => !names.has(shard))
  if (missing.length === 0) return
  throw new FileSystemError(
    `can't read ${path}: ${missing.length} of its ${shards.length} files of weights are not beside it: ` +
      `${listed(missing)}. Download them into the same folder.`,
  )
}

function checkAgreement(
  read: ReadonlyMap<string, Tensor>,
  weightMap: ReadonlyMap<string, string>,
  shard: string,
  source: string,
): void {
  const promised = [...weightMap].filter(([, name]) => name === shard).map(([key]) => key)
  const missing = promised.filter((key) => !read.has(key))
  const extra = [...read.keys()].filter((key) => weightMap.get(key) !== shard)
  if (missing.length + extra.length === 0) return
  const faults = [
    ...(missing.length > 0 ? [`lacks ${listed(missing)}, which the index says are in it`] : []),
    ...(extra.length > 0 ? [`has ${listed(extra)}, which the index doesn't say`] : []),
  ]
  throw new FileFormatError(
    `${shard} doesn't agree with ${source}: it ${faults.join(', and ')}. ` +
      'Download the index and all its files again, from one revision.',
  )
}

/** A message of hundreds of names hides what matters. */
function listed(names: readonly string[]): string {
  const more = names.length > 10 ? ` and ${names.length - 10} more` : ''
  return names.slice(0, 10).join(', ') + more
}

function broken(source: string, how: string, cause?: unknown): FileFormatError {
  return new FileFormatError(
    `${source} is no index of weights: ${how}. Expected a model.safetensors.index.json; download it again.`,
    cause === undefined ? undefined : { cause },
  )
}
