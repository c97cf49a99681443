import { FileFormatError } from '../core/errors.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads the arguments of pickle's opcodes off the bytes, in order, and never past their end. */
export class PickleBytes {
  #at = 0
  readonly #view: DataView

  /** @param source - What to call the file in messages. */
  constructor(
    readonly bytes: Uint8Array,
    readonly source: string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at
  }

  get remaining(): number {
    return this.bytes.length - this.#at
  }

  /** The next byte, which stays the next. */
  peek(): number | undefined {
    return this.bytes[this.#at]
  }

  skip(length: number): void {
    this.#take(length)
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true)
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true)
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  /** Pickle's floats alone are big-endian. */
  float64(): number {
    return this.#view.getFloat64(this.#take(8), false)
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true)
  }

  /** A window on the bytes. */
  window(length: number): Uint8Array {
    const start = this.#take(length)
    return this.bytes.subarray(start, start + length)
  }

  /** A little-endian two's complement integer of `length` bytes: a bigint only where a number would lose digits. */
  long(length: number): number | bigint {
    const start = this.#take(length)
    let value = 0n
    for (let at = start + length - 1; at >= start; at--) value = (value << 8n) | BigInt(this.bytes[at]!)
    const signed = BigInt.asIntN(8 * length, value)
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed
  }

  text(length: number): string {
    const start = this.#take(length)
    try {
      return utf8.decode(this.bytes.subarray(start, start + length))
    } catch (error) {
      throw this.damaged('it holds a string that is no UTF-8', error)
    }
  }

  /** Text up to the next line feed. */
  line(): string {
    const end = this.bytes.indexOf(10, this.#at)
    if (end < 0) throw this.damaged('it ends in the middle of a name')
    const text = this.text(end - this.#at)
    this.#at = end + 1
    return text
  }

  damaged(how: string, cause?: unknown): FileFormatError {
    return new FileFormatError(
      `the pickle in ${this.source} can't be read: ${how} (byte ${this.#at} of ${this.bytes.length}). ` +
        'Download it again, or torch.save it again with the default pickle protocol (2).',
      cause === undefined ? undefined : { cause },
    )
  }

  #take(length: number): number {
    const start = this.#at
    if (start + length > this.bytes.length) throw this.damaged('it ends too early')
    this.#at += length
    return start
  }
}
