import type { DType, TypedArray } from '../core/dtype.ts'
import { bfloat16ToFloat32, float16ToFloat32 } from './half.ts'

/** How a storage class of PyTorch is read: bytes of an element in the file, our element type, and the way there. */
export interface StorageType {
  readonly bytesPerElement: number
  readonly dtype: DType
  /** Where the file's elements aren't ours: widens them. */
  readonly convert?: (raw: Uint8Array<ArrayBuffer>) => TypedArray
}

/** The storage classes that can be read, by their names in `torch`. */
export const storageTypes: ReadonlyMap<string, StorageType> = new Map<string, StorageType>([
  ['FloatStorage', { bytesPerElement: 4, dtype: 'float32' }],
  ['DoubleStorage', { bytesPerElement: 8, dtype: 'float64' }],
  ['LongStorage', { bytesPerElement: 8, dtype: 'int64' }],
  ['IntStorage', { bytesPerElement: 4, dtype: 'int32' }],
  ['ByteStorage', { bytesPerElement: 1, dtype: 'uint8' }],
  ['BoolStorage', { bytesPerElement: 1, dtype: 'bool', convert: toBool }],
  ['HalfStorage', { bytesPerElement: 2, dtype: 'float32', convert: (raw) => float16ToFloat32(words(raw)) }],
  [
    'BFloat16Storage',
    { bytesPerElement: 2, dtype: 'float32', convert: (raw) => bfloat16ToFloat32(words(raw)) },
  ],
  ['ShortStorage', { bytesPerElement: 2, dtype: 'int32', convert: toInt32 }],
  [
    'CharStorage',
    {
      bytesPerElement: 1,
      dtype: 'int32',
      convert: (raw) => Int32Array.from(new Int8Array(raw.buffer, raw.byteOffset, raw.length)),
    },
  ],
])

/** The memory that tensors share: converted when first used, and then once. */
export class PthStorage {
  #data: TypedArray | undefined

  /**
   * @param bytes - Of the file, from the first element on; the legacy format has them after all that refers to them.
   * @param length - Number of elements.
   */
  constructor(
    readonly type: StorageType,
    public bytes: Uint8Array<ArrayBuffer> | undefined,
    readonly length: number,
  ) {}

  /** The elements: a window on the file's bytes where they are aligned and of one of our types. */
  get data(): TypedArray {
    return (this.#data ??= this.#open())
  }

  #open(): TypedArray {
    const { bytesPerElement: width, dtype, convert } = this.type
    const raw = aligned(this.bytes!.subarray(0, this.length * width), width)
    return convert ? convert(raw) : window(dtype, raw.buffer, raw.byteOffset, this.length)
  }
}

function aligned(bytes: Uint8Array<ArrayBuffer>, width: number): Uint8Array<ArrayBuffer> {
  return bytes.byteOffset % width === 0 ? bytes : bytes.slice()
}

function window(dtype: DType, buffer: ArrayBuffer, offset: number, length: number): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer, offset, length)
    case 'float64':
      return new Float64Array(buffer, offset, length)
    case 'int32':
      return new Int32Array(buffer, offset, length)
    case 'int64':
      return new BigInt64Array(buffer, offset, length)
    case 'uint8':
    case 'bool':
      return new Uint8Array(buffer, offset, length)
  }
}

function words(raw: Uint8Array<ArrayBuffer>): Uint16Array {
  return new Uint16Array(raw.buffer, raw.byteOffset, raw.length / 2)
}

function toInt32(raw: Uint8Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  return Int32Array.from(new Int16Array(raw.buffer, raw.byteOffset, raw.length / 2))
}

/** Any byte but 0 is true, and bool tensors hold 0 and 1 only. */
function toBool(raw: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return raw.map((byte) => (byte ? 1 : 0))
}
