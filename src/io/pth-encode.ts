import type { DType } from '../core/dtype.ts'
import { ArgumentError } from '../core/errors.ts'
import { stridesOf } from '../core/shape.ts'
import { Tensor } from '../core/tensor.ts'
import { PickleWriter } from './pickle-write.ts'
import { joinBytes } from './pieces.ts'
import { zipPieces, type ZipFile } from './zip-write.ts'

const storageNames: Readonly<Record<DType, string>> = {
  float32: 'FloatStorage',
  float64: 'DoubleStorage',
  int32: 'IntStorage',
  int64: 'LongStorage',
  uint8: 'ByteStorage',
  bool: 'BoolStorage',
}

/**
 * The bytes of a `.pth` file that holds a state dict, in the zip format: what PyTorch 1.13 writes for
 * `torch.save(OrderedDict(state), buffer)`, to the byte.
 *
 * @param tensors - By name. Tensors over the very same memory share it in PyTorch too, and take it once.
 * @throws {@link ArgumentError} if a value is no tensor, or all together take more than 4 GiB.
 * @see https://pytorch.org/docs/stable/notes/serialization.html
 */
export function encodePth(tensors: ReadonlyMap<string, Tensor>): Uint8Array<ArrayBuffer> {
  return joinBytes([...pthPieces(tensors)])
}

/** The same in pieces that make up the file one after the other: what is between the tensors, and windows on their memory. */
export function pthPieces(tensors: ReadonlyMap<string, Tensor>): Generator<Uint8Array, void, void> {
  const storages = new Storages()
  const pickle = pickleStateDict(tensors, storages)
  return zipPieces([
    { name: 'archive/data.pkl', bytes: pickle },
    // PyTorch sorts them by name: 0, 1, 10, 11, 2.
    ...storages.files.sort((a, b) => (a.name < b.name ? -1 : 1)),
    { name: 'archive/version', bytes: new TextEncoder().encode('3\n') },
  ])
}

/** The memory that tensors lie in, numbered in the order of their first tensors. */
class Storages {
  readonly files: ZipFile[] = []
  readonly #keys = new Map<ArrayBuffer, Map<string, string>>()

  keyOf({ dtype, data }: Tensor): string {
    const { buffer, byteOffset, byteLength } = data
    const keys = this.#keys.get(buffer) ?? new Map<string, string>()
    this.#keys.set(buffer, keys)
    const place = `${dtype} ${byteOffset} ${byteLength}`
    const known = keys.get(place)
    if (known !== undefined && byteLength > 0) return known
    const key = String(this.files.length)
    keys.set(place, key)
    this.files.push({ name: `archive/data/${key}`, bytes: new Uint8Array(buffer, byteOffset, byteLength) })
    return key
  }
}

function pickleStateDict(tensors: ReadonlyMap<string, Tensor>, storages: Storages): Uint8Array {
  const writer = new PickleWriter()
  writeOrderedDict(writer)
  writer.items([...tensors], ([name, tensor]) => {
    if (!((tensor as unknown) instanceof Tensor)) {
      throw new ArgumentError(
        `a .pth file takes a state dict of tensors, but '${name}' is a ${typeof tensor}`,
      )
    }
    writer.text(name, 'name')
    writeTensor(writer, tensor, storages.keyOf(tensor))
  })
  return writer.finish()
}

/** An empty one. */
function writeOrderedDict(writer: PickleWriter): void {
  writer.global('collections', 'OrderedDict')
  writer.tuple(0)
  writer.reduce()
}

/** `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks)`, the storage by its persistent id. */
function writeTensor(writer: PickleWriter, { dtype, size, shape }: Tensor, key: string): void {
  writer.global('torch._utils', '_rebuild_tensor_v2')
  writer.mark()
  writer.mark()
  writer.text('storage', 'constant')
  writer.global('torch', storageNames[dtype])
  writer.text(key, 'storage')
  writer.text('cpu', 'constant')
  writer.integer(size)
  writer.tuple(5)
  writer.persistentId()
  writer.integer(0)
  writer.integers(shape)
  // PyTorch counts no dimension as less than 1.
  writer.integers(stridesOf(shape.map((length) => Math.max(length, 1))))
  writer.boolean(false)
  writeOrderedDict(writer)
  writer.tuple(6)
  writer.reduce()
}
