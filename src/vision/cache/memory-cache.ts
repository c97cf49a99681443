/**
 * Decoded pictures in memory that threads share: a table with a row for each picture of the data set, and the pixels,
 * one picture after another. A row is written once, by the thread that claimed it, and read only when it is finished;
 * pixels never move. The system hands out a page of the pixels when it is first written to.
 */
import { ArgumentError } from '../../core/errors.ts'
import type { FileStamp } from '../../platform/platform.ts'
import { contiguous, picture, sizeOfPicture, type Picture } from '../picture.ts'
import type { PictureCache } from './picture-cache.ts'

/** The memory of a {@link MemoryCache}. */
export interface MemoryStore {
  readonly table: SharedArrayBuffer
  readonly pixels: SharedArrayBuffer
}

/** Pictures begin at multiples of this, so that 32 bits number the places of 128 GiB. */
const blockSize = 64
const wordsOfRow = 8
/** Words of a row; then come modification time and size of the file, as doubles. */
const [state, firstBlock, height, width, stampAt] = [0, 1, 2, 3, 4]
const [empty, claimed, ready] = [0, 1, 2]
/** The first row has the number of blocks that are used. */
const usedBlocks = 0

/** @throws {@link ArgumentError} if `maxBytes` is more than the system gives. */
export function createMemoryStore(count: number, maxBytes: number): MemoryStore {
  if (!('SharedArrayBuffer' in globalThis)) {
    throw new ArgumentError(
      'cache: pictures are kept in memory that threads share, which only a page has that is cross-origin isolated: serve it ' +
        'with "Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp", or leave cache out',
    )
  }
  const table = new SharedArrayBuffer((count + 1) * wordsOfRow * 4)
  const size = Math.floor(Math.min(maxBytes, blockSize * (2 ** 31 - 1)) / blockSize) * blockSize
  try {
    return { table, pixels: new SharedArrayBuffer(size) }
  } catch (cause) {
    throw new ArgumentError(
      `cache: ${maxBytes} bytes are more than can be reserved here; lower maxBytes: what doesn't fit is decoded ` +
        'each time',
      { cause },
    )
  }
}

/** See the top of this file. */
export class MemoryCache implements PictureCache {
  readonly #words: Int32Array
  readonly #doubles: Float64Array

  constructor(private readonly store: MemoryStore) {
    this.#words = new Int32Array(store.table)
    this.#doubles = new Float64Array(store.table)
  }

  get(index: number, { mtimeMs, size }: FileStamp): Picture | undefined {
    const row = rowOf(index)
    if (Atomics.load(this.#words, row + state) !== ready) return undefined
    const [knownTime, knownSize] = this.#doubles.subarray((row + stampAt) / 2)
    if (knownTime !== mtimeMs || knownSize !== size) return undefined
    const rows = this.#words[row + height]!
    const columns = this.#words[row + width]!
    const at = this.#words[row + firstBlock]! * blockSize
    // A copy: what a transform does to its input must not reach the next epoch.
    const pixels = new Uint8Array(rows * columns * 3)
    pixels.set(new Uint8Array(this.store.pixels, at, pixels.length))
    return picture(rows, columns, 3, pixels)
  }

  put(index: number, { mtimeMs, size }: FileStamp, decoded: Picture): void {
    const row = rowOf(index)
    if (Atomics.compareExchange(this.#words, row + state, empty, claimed) !== empty) return
    const pixels = contiguous(decoded)
    const block = this.#reserve(Math.ceil(pixels.length / blockSize))
    if (block === undefined) {
      Atomics.store(this.#words, row + state, empty)
      return
    }
    new Uint8Array(this.store.pixels, block * blockSize, pixels.length).set(pixels)
    const [rows, columns] = sizeOfPicture(decoded)
    this.#words.set([block, rows, columns], row + firstBlock)
    this.#doubles.set([mtimeMs, size], (row + stampAt) / 2)
    Atomics.store(this.#words, row + state, ready)
  }

  /** The first of `count` blocks that are this thread's from now on; `undefined` if there aren't as many. */
  #reserve(count: number): number | undefined {
    const all = this.store.pixels.byteLength / blockSize
    for (;;) {
      const used = Atomics.load(this.#words, usedBlocks)
      if (used + count > all) return undefined
      if (Atomics.compareExchange(this.#words, usedBlocks, used, used + count) === used) return used
    }
  }
}

function rowOf(index: number): number {
  return (index + 1) * wordsOfRow
}
