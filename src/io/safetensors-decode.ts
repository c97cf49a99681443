import { FileFormatError } from '../core/errors.ts'
import { formatShape, sizeOf } from '../core/shape.ts'
import { Tensor } from '../core/tensor.ts'
import { duplicateKey } from './json-keys.ts'
import { PthStorage, storageTypes, type StorageType } from './pth-storage.ts'

/** What a `.safetensors` file holds. */
export interface SafetensorsFile {
  /** In the order of the header. */
  readonly tensors: Map<string, Tensor>
  /** The texts kept with them; often empty. */
  readonly metadata: Readonly<Record<string, string>>
}

/** As the reference implementation. */
const maxHeaderBytes = 100_000_000

/** Element types that can be read, by the storage of PyTorch that has the same bytes. */
const types = new Map<unknown, StorageType>(
  Object.entries({
    F64: 'DoubleStorage',
    F32: 'FloatStorage',
    F16: 'HalfStorage',
    BF16: 'BFloat16Storage',
    I64: 'LongStorage',
    I32: 'IntStorage',
    I16: 'ShortStorage',
    I8: 'CharStorage',
    U8: 'ByteStorage',
    BOOL: 'BoolStorage',
  }).map(([name, storage]) => [name, storageTypes.get(storage)!]),
)

/** An entry of the header, checked by itself. */
interface Entry {
  readonly name: string
  readonly type: StorageType
  readonly shape: number[]
  readonly start: number
  readonly end: number
}

/**
 * The tensors and metadata in the bytes of a `.safetensors` file. Every check of the reference implementation is made
 * before a tensor is.
 *
 * @param source - What to call the file in messages.
 * @throws {@link FileFormatError} if it is no such file, is damaged, or has an element type that can't be read.
 */
export function decodeSafetensors(bytes: Uint8Array, source = 'the .safetensors file'): SafetensorsFile {
  // Tensors are backed by ordinary memory: bytes shared between threads are copied.
  const file = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice()
  const headerBytes = headerLength(file, source)
  const { __metadata__, ...entries } = parseHeader(file.subarray(8, 8 + headerBytes), source)
  const metadata = __metadata__ ?? {}
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw broken(source, 'its __metadata__ is no object of texts')
  }
  const checked = Object.entries(entries).map(([name, entry]) => checkEntry(name, entry, source))
  const data = file.subarray(8 + headerBytes)
  checkLayout(checked, data.length, source)
  const tensors = new Map(checked.map((entry) => [entry.name, toTensor(entry, data)]))
  return { tensors, metadata: metadata as Record<string, string> }
}

function headerLength(bytes: Uint8Array, source: string): number {
  if (bytes.length < 8) throw broken(source, `it has ${bytes.length} bytes, fewer than the 8 it begins with`)
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)
  if (length > maxHeaderBytes) {
    throw broken(source, `its header claims ${length.toString()} bytes, more than the limit of 100,000,000`)
  }
  if (8 + Number(length) > bytes.length) {
    throw broken(
      source,
      `it ends within its header (${length.toString()} bytes; the file has ${bytes.length})`,
    )
  }
  return Number(length)
}

function parseHeader(bytes: Uint8Array, source: string): Record<string, unknown> {
  if (bytes[0] !== 0x7b) throw broken(source, "its header doesn't begin with '{'")
  let text: string
  let header: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    header = JSON.parse(text)
  } catch (cause) {
    throw broken(source, `its header is no JSON (${(cause as Error).message})`, cause)
  }
  const twice = duplicateKey(text)
  if (twice !== undefined) throw broken(source, `its header names '${twice}' twice`)
  return header as Record<string, unknown>
}

function checkEntry(name: string, entry: unknown, source: string): Entry {
  const fail = (how: string): never => {
    throw broken(source, `its tensor '${name}' ${how}`)
  }
  if (!isRecord(entry)) return fail('has no description')
  const { dtype, shape, data_offsets: offsets } = entry
  const type = types.get(dtype)
  if (!type) {
    throw new FileFormatError(
      `${source}: tensor '${name}' has the element type ${JSON.stringify(dtype)}, which can't be read; these can: ` +
        `${[...types.keys()].join(', ')}. Convert it in Python: tensor.float().`,
    )
  }
  if (!isCounts(shape)) return fail('has a shape that is no list of integers ≥ 0')
  if (!isCounts(offsets) || offsets.length !== 2) return fail('has no data_offsets [begin, end]')
  const [start, end] = offsets as [number, number]
  const size = sizeOf(shape) * type.bytesPerElement
  if (!Number.isSafeInteger(size)) return fail(`has the impossible shape ${formatShape(shape)}`)
  if (end - start !== size) {
    return fail(
      `of type ${String(dtype)} and shape ${formatShape(shape)} needs ${size} bytes, but has ${end - start}`,
    )
  }
  return { name, type, shape, start, end }
}

/** The tensors must fill the data without gap or overlap: nothing can hide between them. */
function checkLayout(entries: readonly Entry[], dataBytes: number, source: string): void {
  let at = 0
  for (const { name, start, end } of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== at)
      throw broken(source, `its tensor '${name}' begins at byte ${start} of the data, not at ${at}`)
    at = end
  }
  if (at > dataBytes)
    throw broken(source, `it is cut off: its tensors need ${at} bytes, but ${dataBytes} follow`)
  if (at < dataBytes) throw broken(source, `${dataBytes - at} bytes follow its last tensor`)
}

function toTensor({ type, shape, start, end }: Entry, data: Uint8Array<ArrayBuffer>): Tensor {
  const storage = new PthStorage(type, data.subarray(start, end), sizeOf(shape))
  return new Tensor(type.dtype, storage.data, shape)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0)
}

function broken(source: string, how: string, cause?: unknown): FileFormatError {
  return new FileFormatError(
    `${source} is no whole .safetensors file: ${how}. Download it or save it again.`,
    cause === undefined ? undefined : { cause },
  )
}
