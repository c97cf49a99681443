import { FileFormatError } from '../core/errors.ts'
import { unpickle } from './pickle.ts'
import { TensorBuilder } from './pth-tensors.ts'
import { toPthValue, type PthValue } from './pth-value.ts'
import { PthWorld, type FindStorage } from './pth-world.ts'
import { readZip, verifyZip, type ZipEntry } from './zip.ts'

/**
 * The zip format that `torch.save` writes since PyTorch 1.6: a pickle, and an entry for each storage. It yields every
 * few megabytes, so that the caller can let other work run.
 *
 * @throws {@link FileFormatError} if it is no such file, is damaged, or holds code.
 */
export function* decodePthArchive(
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
): Generator<void, PthValue, void> {
  const entries = readZip(bytes, source)
  const pickle = findPickle(entries, source)
  const folder = pickle.name.slice(0, pickle.name.indexOf('/') + 1)
  checkKind(entries, folder, source)
  yield* verifyZip(entries.values(), source)
  const builder = new TensorBuilder(source, bytes.length)
  const world = new PthWorld(source, builder, storagesOf(entries, folder, source))
  const value = unpickle(pickle.bytes, world)
  return toPthValue(value, source, (tensor) => builder.open(tensor))
}

function findPickle(entries: ReadonlyMap<string, ZipEntry>, source: string): ZipEntry {
  const [pickle, ...others] = [...entries.values()].filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name))
  if (pickle && others.length === 0) return pickle
  throw new FileFormatError(
    `${source} is a zip archive, but not one that torch.save wrote: it holds ${pickle ? 'data.pkl twice' : 'no data.pkl'}. ` +
      "Expected a .pth file: torch.save(model.state_dict(), 'weights.pth').",
  )
}

function checkKind(entries: ReadonlyMap<string, ZipEntry>, folder: string, source: string): void {
  if (entries.has(`${folder}constants.pkl`)) {
    throw new FileFormatError(
      `${source} is a TorchScript program, not weights. Save its weights in Python: torch.save(model.state_dict(), path).`,
    )
  }
  const order = entries.get(`${folder}byteorder`)
  if (order && new TextDecoder().decode(order.bytes.subarray(0, 8)) !== 'little') {
    throw new FileFormatError(
      `${source} was written by a big-endian machine. Load it in Python on another machine and torch.save it again.`,
    )
  }
}

function storagesOf(entries: ReadonlyMap<string, ZipEntry>, folder: string, source: string): FindStorage {
  return (key, byteLength) => {
    const entry = entries.get(`${folder}data/${key}`)
    const shown = key.slice(0, 200)
    const problem = entry
      ? byteLength > entry.bytes.length &&
        `needs ${byteLength} bytes of the storage '${shown}', which has ${entry.bytes.length}`
      : `refers to the storage '${shown}', which the archive lacks`
    if (!problem) return entry!.bytes as Uint8Array<ArrayBuffer>
    throw new FileFormatError(
      `the pickle in ${source} ${problem}. Download it again, or save it again with torch.save(model.state_dict(), path).`,
    )
  }
}
