const utf8 = new TextEncoder()

/**
 * Writes a pickle of protocol 2, byte for byte as Python's own pickler does: objects that come again are recalled from
 * the memo. Only what a state dict needs is there.
 *
 * @see https://github.com/python/cpython/blob/main/Lib/pickle.py
 */
export class PickleWriter {
  readonly #bytes: number[] = [0x80, 2]
  readonly #memo = new Map<string, number>()
  #kept = 0

  mark(): void {
    this.#bytes.push(0x28) // MARK
  }

  boolean(value: boolean): void {
    this.#bytes.push(value ? 0x88 : 0x89) // NEWTRUE, NEWFALSE
  }

  /** An integer ≥ 0. */
  integer(value: number): void {
    if (value <= 0xff)
      this.#bytes.push(0x4b, value) // BININT1
    else if (value <= 0xffff)
      this.#bytes.push(0x4d, ...littleEndian(value, 2)) // BININT2
    else if (value <= 0x7fffffff)
      this.#bytes.push(0x4a, ...littleEndian(value, 4)) // BININT
    else this.#long(value)
  }

  /**
   * A string; the same one again is recalled.
   *
   * @param kind - Python recalls an object, not its equal: strings of two kinds are two objects.
   */
  text(value: string, kind: string): void {
    this.#once(`${kind} ${value}`, () => {
      const encoded = utf8.encode(value)
      this.#bytes.push(0x58, ...littleEndian(encoded.length, 4)) // BINUNICODE
      for (const byte of encoded) this.#bytes.push(byte)
    })
  }

  /** A class or function. */
  global(module: string, name: string): void {
    this.#once(`global ${module} ${name}`, () => {
      this.#bytes.push(0x63, ...utf8.encode(`${module}\n${name}\n`)) // GLOBAL
    })
  }

  /** A tuple of integers. */
  integers(values: readonly number[]): void {
    if (values.length > 3) this.mark()
    for (const value of values) this.integer(value)
    this.tuple(values.length)
  }

  /** Of the last `length` objects; where there are more than three, of those since the mark. */
  tuple(length: number): void {
    this.#bytes.push([0x29, 0x85, 0x86, 0x87][length] ?? 0x74) // EMPTY_TUPLE, TUPLE1 … TUPLE3, TUPLE
    if (length > 0) this.#put()
  }

  /** Calls the object under the tuple on top. */
  reduce(): void {
    this.#bytes.push(0x52) // REDUCE
    this.#put()
  }

  persistentId(): void {
    this.#bytes.push(0x51) // BINPERSID
  }

  /** Fills the dict on top, in batches of a thousand as Python does. */
  items<T>(entries: readonly T[], write: (entry: T) => void): void {
    for (let start = 0; start < entries.length; start += 1000) {
      const batch = entries.slice(start, start + 1000)
      if (batch.length > 1) this.mark()
      batch.forEach(write)
      this.#bytes.push(batch.length > 1 ? 0x75 : 0x73) // SETITEMS, SETITEM
    }
  }

  finish(): Uint8Array<ArrayBuffer> {
    this.#bytes.push(0x2e) // STOP
    return Uint8Array.from(this.#bytes)
  }

  #once(id: string, write: () => void): void {
    const index = this.#memo.get(id)
    if (index === undefined) {
      write()
      this.#memo.set(id, this.#put())
    } else if (index <= 0xff)
      this.#bytes.push(0x68, index) // BINGET
    else this.#bytes.push(0x6a, ...littleEndian(index, 4)) // LONG_BINGET
  }

  #put(): number {
    const index = this.#kept++
    if (index <= 0xff)
      this.#bytes.push(0x71, index) // BINPUT
    else this.#bytes.push(0x72, ...littleEndian(index, 4)) // LONG_BINPUT
    return index
  }

  /** Two's complement in as few bytes as hold the sign too. */
  #long(value: number): void {
    const length = Math.floor(Math.log2(value) / 8 + 1 / 8) + 1
    this.#bytes.push(0x8a, length, ...littleEndian(value, length)) // LONG1
  }
}

function littleEndian(value: number, length: number): number[] {
  return Array.from({ length }, (_, index) => Math.floor(value / 2 ** (8 * index)) % 256)
}
