import { FileFormatError } from '../core/errors.ts'
import { isPickleKey, PickleGlobal, PickleTuple, type PickleWorld } from './pickle-values.ts'
import { PthStorage, storageTypes } from './pth-storage.ts'
import type { TensorBuilder } from './pth-tensors.ts'

/** The bytes of the storage with this key, where the file has them already. Throws where there are none, or too few. */
export type FindStorage = (key: string, byteLength: number) => Uint8Array<ArrayBuffer> | undefined

/**
 * Everything that the pickle of a `.pth` file may reach: tensors, their storages, ordered dicts, `torch.Size`,
 * `torch.device` and element types. It is a list of names, and nothing is ever looked up by them anywhere else: any
 * other class or function is code, and refused by name before it does anything.
 */
export class PthWorld implements PickleWorld {
  /** The storages that tensors lie in, by key. */
  readonly storages = new Map<string, PthStorage>()
  readonly #globals: ReadonlyMap<string, unknown>

  constructor(
    readonly source: string,
    builder: TensorBuilder,
    readonly find: FindStorage,
  ) {
    const callables: [string, (args: readonly unknown[]) => unknown][] = [
      ['torch._utils._rebuild_tensor_v2', (args) => builder.rebuild(args)],
      ['torch._utils._rebuild_tensor', (args) => builder.rebuild(args)],
      ['torch._utils._rebuild_parameter', (args) => args[0]],
      ['collections.OrderedDict', (args) => this.#orderedDict(args)],
      ['torch.Size', (args) => this.#size(args)],
      ['torch.device', (args) => this.#device(args)],
    ]
    const classes = [...storageTypes.keys()].map((name) => new PickleGlobal(`torch.${name}`))
    const functions = callables.map(([name, call]) => new PickleGlobal(name, call))
    this.#globals = new Map<string, unknown>([
      ...[...classes, ...functions].map((entry) => [entry.name, entry] as const),
      ...dtypes.map((name) => [`torch.${name}`, `torch.${name}`] as const),
    ])
  }

  global(name: string): unknown {
    const allowed = this.#globals.get(name)
    if (allowed !== undefined) return allowed
    const shown = name.slice(0, 200)
    if (/^torch\.(\w+Storage|storage\.\w+Storage|_utils\._rebuild_\w+)$/.test(shown)) {
      throw new FileFormatError(
        `${this.source} holds a ${shown}, a kind of tensor that has no place here. ` +
          'Convert such tensors in Python first: tensor.float() or tensor.to_dense().',
      )
    }
    throw new FileFormatError(
      `${this.source} asks for ${shown}, which is code, not data, and is refused. Nothing of it was run. ` +
        'If it is a whole model, load it in Python and save its weights alone: torch.save(model.state_dict(), path).',
    )
  }

  persistent(id: unknown): PthStorage {
    const [kind, type, key, , length, view] = id instanceof PickleTuple ? id.items : []
    if (kind !== 'storage' || !(type instanceof PickleGlobal) || typeof key !== 'string') {
      throw this.#broken('refers to an object outside of the pickle that is no storage')
    }
    if (view !== undefined && view !== null)
      throw this.#broken('has a storage inside of another, as before PyTorch 0.4')
    const storageType = storageTypes.get(type.name.replace(/^torch\./, ''))
    if (!storageType) throw this.#broken(`takes ${type.name} for a storage`)
    const bytes = Number(length) * storageType.bytesPerElement
    if (!Number.isSafeInteger(length) || !Number.isSafeInteger(bytes) || bytes < 0) {
      throw this.#broken(`has a storage '${key.slice(0, 200)}' of an impossible size`)
    }
    const known = this.storages.get(key)
    if (known && (known.type !== storageType || known.length !== length)) {
      throw this.#broken(`takes the storage '${key.slice(0, 200)}' for two of other types or sizes`)
    }
    const storage = known ?? new PthStorage(storageType, this.find(key, bytes), Number(length))
    this.storages.set(key, storage)
    return storage
  }

  /** Filled by setting items, or, by Python 2, from a list of pairs. */
  #orderedDict([pairs, ...more]: readonly unknown[]): unknown {
    const entries = pairs ?? []
    if (!Array.isArray(entries) || more.length > 0)
      throw this.#broken('makes an OrderedDict from what is no list of pairs')
    const dict = new Map<unknown, unknown>()
    for (const pair of entries) {
      const items: unknown = pair instanceof PickleTuple ? pair.items : pair
      if (!Array.isArray(items) || items.length !== 2 || !isPickleKey(items[0])) {
        throw this.#broken('makes an OrderedDict from what is no list of pairs')
      }
      dict.set(items[0], items[1])
    }
    return dict
  }

  #device([type, index]: readonly unknown[]): unknown {
    if (typeof type !== 'string') throw this.#broken('names a device that is no string')
    return typeof index === 'number' ? `${type}:${index}` : type
  }

  #size(args: readonly unknown[]): unknown {
    if (args.length !== 1 || !(args[0] instanceof PickleTuple))
      throw this.#broken('calls torch.Size with what is no tuple')
    return args[0]
  }

  #broken(how: string): FileFormatError {
    return new FileFormatError(
      `the pickle in ${this.source} ${how}. Save it again with torch.save(model.state_dict(), path).`,
    )
  }
}

/** Element types that a checkpoint may name beside its tensors. */
const dtypes = [
  ...['float16', 'bfloat16', 'float32', 'float64', 'complex64', 'complex128'],
  ...['uint8', 'int8', 'int16', 'int32', 'int64', 'bool'],
]
