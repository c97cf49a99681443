import { FileFormatError } from '../core/errors.ts'

/** The numbers and names in an archive. */
export class ZipBytes {
  readonly view: DataView

  /** @param source - What to call the archive in messages. */
  constructor(
    readonly bytes: Uint8Array,
    readonly source: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  uint16(at: number): number {
    return this.view.getUint16(at, true)
  }

  uint32(at: number): number {
    return this.view.getUint32(at, true)
  }

  uint64(at: number): number {
    const value = Number(this.view.getBigUint64(at, true))
    if (!Number.isSafeInteger(value)) throw this.damaged('a zip64 number is absurdly large')
    return value
  }

  /** A name of `length` bytes. One that would leave a folder is refused: nothing is written here, yet no honest writer makes them. */
  name(at: number, length: number): string {
    const bytes = new Uint8Array(this.view.buffer, this.view.byteOffset + at, length)
    const name = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
    const segments = name.split('/')
    // eslint-disable-next-line no-control-regex -- control characters are what is refused here
    if (segments.includes('..') || segments[0] === '' || /[\\\u0000-\u001f]|^[a-z]:/i.test(name)) {
      throw this.damaged(`it holds an entry named ${JSON.stringify(name)}, which no honest archive does`)
    }
    return name
  }

  /**
   * Fields of all ones stand in the zip64 extra field instead, in this order.
   *
   * @param at - Where the extra fields begin, and `end` where they do.
   */
  widen(fields: readonly number[], at: number, end: number): number[] {
    if (!fields.includes(isElsewhere)) return [...fields]
    while (at + 4 <= end && this.uint16(at) !== 1) at += 4 + this.uint16(at + 2)
    const limit = Math.min(end, at + 4 + (at + 4 <= end ? this.uint16(at + 2) : 0))
    at += 4
    return fields.map((field) => {
      if (field !== isElsewhere) return field
      at += 8
      if (at > limit) throw this.damaged('it lacks a zip64 extra field')
      return this.uint64(at - 8)
    })
  }

  damaged(how: string, cause?: unknown): FileFormatError {
    return new FileFormatError(
      `${this.source} is a damaged zip archive: ${how}. Download or save the file again.`,
      cause === undefined ? undefined : { cause },
    )
  }
}

/** A 32-bit field whose number is a zip64 one. */
export const isElsewhere = 0xffffffff
