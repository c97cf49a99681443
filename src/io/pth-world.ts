import { FileFormatError } from '../core/errors.ts'
import { PickleGlobal, PickleTuple, type PickleWorld } from './pickle.ts'
import { PthStorage, storageTypes } from './pth-storage.ts'
import { TensorBuilder } from './pth-tensors.ts'
import type { ZipEntry } from './zip.ts'

const nothingRun = 'Nothing of it was run.'

/**
 * Everything that the pickle of a `.pth` file may reach: tensors, their storages in the archive, ordered dicts,
 * `torch.Size` and `torch.device`. Any other class or function is code, and refused by name before it does anything.
 *
 * @param entries - The archive, checked.
 * @param folder - The archive's folder, with its slash.
 */
export class PthWorld implements PickleWorld {
  readonly #globals: ReadonlyMap<string, PickleGlobal>
  readonly #storages = new Map<string, PthStorage>()

  constructor(
    readonly source: string,
    readonly entries: ReadonlyMap<string, ZipEntry>,
    readonly folder: string,
    fileBytes: number,
  ) {
    const builder = new TensorBuilder(source, fileBytes)
    const callables: [string, (args: readonly unknown[]) => unknown][] = [
      ['torch._utils._rebuild_tensor_v2', (args) => builder.rebuild(args)],
      ['torch._utils._rebuild_parameter', (args) => args[0]],
      ['collections.OrderedDict', (args) => this.#emptyDict(args)],
      ['torch.Size', (args) => this.#only(args, (value) => value instanceof PickleTuple)],
      ['torch.device', (args) => this.#device(args)],
    ]
    const classes = [...storageTypes.keys()].map((name) => new PickleGlobal(`torch.${name}`))
    const functions = callables.map(([name, call]) => new PickleGlobal(name, call))
    this.#globals = new Map([...classes, ...functions].map((entry) => [entry.name, entry]))
  }

  global(name: string): PickleGlobal {
    const allowed = this.#globals.get(name)
    if (allowed) return allowed
    const shown = name.slice(0, 200)
    if (/^torch\.\w+Storage$/.test(shown)) {
      throw new FileFormatError(
        `${this.source} holds a ${shown}, an element type that has no place here. ` +
          'Convert such tensors in Python first: tensor.float().',
      )
    }
    throw new FileFormatError(
      `${this.source} asks for ${shown}, which is code, not data, and is refused. ${nothingRun} ` +
        'If it is a whole model, load it in Python and save its weights alone: torch.save(model.state_dict(), path).',
    )
  }

  persistent(id: unknown): PthStorage {
    const [kind, type, key, , length] = id instanceof PickleTuple ? id.items : []
    if (kind !== 'storage' || !(type instanceof PickleGlobal) || typeof key !== 'string') {
      throw this.#broken('refers to an object outside of the pickle that is no storage')
    }
    const storageType = storageTypes.get(type.name.replace(/^torch\./, ''))
    if (!storageType) throw this.#broken(`takes ${type.name} for a storage`)
    const entry = this.entries.get(`${this.folder}data/${key}`)
    if (!entry) throw this.#broken(`refers to the storage '${key.slice(0, 200)}', which the archive lacks`)
    const bytes = Number(length) * storageType.bytesPerElement
    if (!Number.isSafeInteger(length) || Number(length) < 0 || bytes > entry.bytes.length) {
      throw this.#broken(`needs ${bytes} bytes of the storage '${key}', which has ${entry.bytes.length}`)
    }
    return this.#storage(`${type.name} ${key} ${bytes}`, () => {
      return new PthStorage(storageType, entry.bytes as Uint8Array<ArrayBuffer>, Number(length))
    })
  }

  /** One object for each storage, so that it is converted once. */
  #storage(id: string, make: () => PthStorage): PthStorage {
    const storage = this.#storages.get(id) ?? make()
    this.#storages.set(id, storage)
    return storage
  }

  /** PyTorch fills ordered dicts by setting items, never by arguments. */
  #emptyDict(args: readonly unknown[]): unknown {
    if (args.length > 0) throw this.#broken('makes an OrderedDict from arguments')
    return new Map()
  }

  #device(args: readonly unknown[]): unknown {
    const [type, index] = args
    if (typeof type !== 'string') throw this.#broken('names a device that is no string')
    return typeof index === 'number' ? `${type}:${index}` : type
  }

  #only(args: readonly unknown[], fits: (value: unknown) => boolean): unknown {
    if (args.length !== 1 || !fits(args[0])) throw this.#broken('calls torch.Size with what is no tuple')
    return args[0]
  }

  #broken(how: string): FileFormatError {
    return new FileFormatError(
      `the pickle in ${this.source} ${how}. Save it again with torch.save(model.state_dict(), path).`,
    )
  }
}
