import { readFile } from '#platform'

import { FileFormatError, throwIfAborted } from '../core/errors.ts'
import { unpickle } from './pickle.ts'
import { toPthValue, type PthValue } from './pth-value.ts'
import { PthWorld } from './pth-world.ts'
import { readZip, verifyZip, type ZipEntry } from './zip.ts'

/**
 * Reads the bytes of a `.pth` file: the zip format that `torch.save` writes since PyTorch 1.6. Its pickle is run
 * by a restricted unpickler that builds tensors and containers; anything else in it is refused by name, unrun.
 *
 * float16 and bfloat16 tensors become float32, int8 and int16 become int32; other element types stay. Tensors
 * are windows on `bytes` where they can be (nothing is copied, and tensors that share memory in PyTorch share it
 * here): copy one before you change it or send it to a worker on its own.
 *
 * @param source - What to call the file in messages.
 * @throws {@link FileFormatError} if it is no such file, is damaged, or holds code.
 * @see https://pytorch.org/docs/stable/generated/torch.save.html
 */
export function decodePth(bytes: Uint8Array, source = 'the .pth file'): PthValue {
  const file = ownBytes(bytes)
  const archive = openPth(file, source)
  const checks = verifyZip(archive.entries.values(), source)
  while (!checks.next().done);
  return readArchive(archive, file.length, source)
}

/** Options of {@link readPth}. */
export interface ReadPthOptions {
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined
  /** What to call the file in messages. Default: its path. */
  readonly source?: string | undefined
}

/**
 * Reads a `.pth` file, whatever tensors and containers it holds; for the weights alone, {@link readStateDict} is
 * simpler. It is the zip format that `torch.save` writes since PyTorch 1.6, read by a restricted unpickler: code in
 * it is refused by name, unrun. The event loop gets its turn every few megabytes.
 *
 * float16 and bfloat16 tensors become float32, int8 and int16 become int32; other element types stay.
 *
 * @param file - A path, or the file's bytes; tensors may be windows on them.
 * @throws {@link FileFormatError} if it is no such file, is damaged, or holds code.
 * @throws {@link FileSystemError} if the file can't be read.
 * @throws {@link AbortError} if `signal` is aborted.
 *
 * @example
 * ```ts
 * import { readPth } from 'onnx-finetune'
 *
 * const value = await readPth('resnet18.pth')
 * if (value instanceof Map) console.log([...value.keys()])
 * ```
 */
export async function readPth(file: string | Uint8Array, options: ReadPthOptions = {}): Promise<PthValue> {
  const { signal } = options
  const source = options.source ?? (typeof file === 'string' ? file : 'the .pth file')
  throwIfAborted(signal, `reading ${source}`)
  const bytes = ownBytes(typeof file === 'string' ? await readFile(file, signal) : file)
  const archive = openPth(bytes, source)
  const checks = verifyZip(archive.entries.values(), source)
  while (!checks.next().done) {
    await new Promise((resolve) => setTimeout(resolve, 0))
    throwIfAborted(signal, `reading ${source}`)
  }
  return readArchive(archive, bytes.length, source)
}

/** Tensors are backed by ordinary memory: bytes shared between threads are copied. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes)
}

interface PthArchive {
  readonly entries: ReadonlyMap<string, ZipEntry>
  readonly pickle: ZipEntry
  /** With its slash. */
  readonly folder: string
}

function openPth(bytes: Uint8Array, source: string): PthArchive {
  if (bytes[0] === 0x80) {
    throw new FileFormatError(
      `${source} is a bare pickle, as torch.save wrote it before PyTorch 1.6. Load it in Python and torch.save it again.`,
    )
  }
  const entries = readZip(bytes, source)
  const [pickle, ...others] = [...entries.values()].filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name))
  if (!pickle || others.length > 0) {
    throw new FileFormatError(
      `${source} is a zip archive, but not one that torch.save wrote: it holds ${pickle ? 'data.pkl twice' : 'no data.pkl'}. ` +
        "Expected a .pth file: torch.save(model.state_dict(), 'weights.pth').",
    )
  }
  const folder = pickle.name.slice(0, pickle.name.indexOf('/') + 1)
  checkKind(entries, folder, source)
  return { entries, pickle, folder }
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

function readArchive({ entries, pickle, folder }: PthArchive, fileBytes: number, source: string): PthValue {
  const world = new PthWorld(source, entries, folder, fileBytes)
  return toPthValue(unpickle(pickle.bytes, world), source)
}
