import { FileFormatError } from '../core/errors.ts'
import { PickleBytes } from './pickle-bytes.ts'
import { unpickle } from './pickle.ts'
import { TensorBuilder } from './pth-tensors.ts'
import { toPthValue, type PthValue } from './pth-value.ts'
import { PthWorld } from './pth-world.ts'

const magic = 0x1950a86a20f9469cfc6cn
const protocolVersion = 1001

/**
 * Whether the bytes are a pickle rather than an archive: by the opcode that says the protocol or, where there is none,
 * by those that such pickles begin with.
 */
export function isBarePickle(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 || bytes[0] === 0x63 || bytes[0] === 0x28
}

/**
 * The format of before PyTorch 1.6, which `_use_new_zipfile_serialization=False` still writes: five pickles one after
 * the other (a magic number, the format's version, facts on the machine, the value, the keys of its storages), and then
 * each storage with its length in front. It has no checksums.
 *
 * @throws {@link FileFormatError} if it is no such file, is damaged, or holds code.
 * @see https://github.com/pytorch/pytorch/blob/v1.13.1/torch/serialization.py#L436
 */
export function decodeLegacyPth(bytes: Uint8Array<ArrayBuffer>, source: string): PthValue {
  const reader = new PickleBytes(bytes, source)
  const builder = new TensorBuilder(source, bytes.length)
  const world = new PthWorld(source, builder, () => undefined)
  if (unpickle(reader, world) !== magic) {
    throw new FileFormatError(
      `${source} is a bare pickle that torch.save didn't write. Load it in Python and save its tensors: torch.save(model.state_dict(), path).`,
    )
  }
  checkMachine(unpickle(reader, world), unpickle(reader, world), source)
  const value = unpickle(reader, world)
  bindStorages(unpickle(reader, world), world, reader)
  return toPthValue(value, source, (tensor) => builder.open(tensor))
}

function checkMachine(version: unknown, facts: unknown, source: string): void {
  if (version !== protocolVersion) {
    throw new FileFormatError(
      `${source} is of version ${String(version).slice(0, 20)} of PyTorch's legacy format, where only ${protocolVersion} is known. Load it in Python and torch.save it again.`,
    )
  }
  if (!(facts instanceof Map) || facts.get('little_endian') !== true) {
    throw new FileFormatError(
      `${source} was written by a big-endian machine. Load it in Python on another machine and torch.save it again.`,
    )
  }
}

/** Gives each storage its bytes, which follow in the order of `keys`. */
function bindStorages(keys: unknown, world: PthWorld, reader: PickleBytes): void {
  const waiting = new Map(world.storages)
  for (const key of Array.isArray(keys) ? (keys as unknown[]) : []) {
    const storage = typeof key === 'string' ? waiting.get(key) : undefined
    if (!storage) throw reader.damaged('it lists a storage that no tensor lies in, or one twice')
    waiting.delete(key as string)
    const length = reader.int64()
    if (length !== BigInt(storage.length)) {
      throw reader.damaged(`a storage of ${storage.length} elements has ${length.toString()} of them`)
    }
    storage.bytes = reader.window(storage.length * storage.type.bytesPerElement) as Uint8Array<ArrayBuffer>
  }
  if (waiting.size > 0) throw reader.damaged(`it lacks ${waiting.size} of its storages`)
  if (reader.remaining > 0) throw reader.damaged('more follows its last storage')
}
