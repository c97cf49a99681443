/**
 * Decoded pictures, kept for the next epoch. `ImageFolder.open` makes a store and hands it to whoever reads a
 * picture, on the caller's thread or in a loader worker: they all see the same pictures.
 *
 * No store evicts: what fits stays, and what doesn't is decoded each time. An epoch asks for each picture once, so
 * making room would throw out what is needed sooner than what comes in; and what never moves can be read without locks.
 */
import { ArgumentError } from '../../core/errors.ts'
import type { FileStamp } from '../../platform/platform.ts'
import type { Picture } from '../picture.ts'
import { createMemoryStore, MemoryCache, type MemoryStore } from './memory-cache.ts'

/** Where decoded pictures are kept, and how many. */
export interface PictureCacheOptions {
  /** Most that may be kept, in bytes: a picture takes height × width × 3. */
  readonly maxBytes: number
}

/** A store as it crosses the border of a worker: shared memory, so all see the same pictures. */
export type PictureStore = MemoryStore

/** Decoded pictures by their index in a data set. */
export interface PictureCache {
  /** The picture, in memory of the caller's own; `undefined` unless it was decoded from the file with this stamp. */
  get(index: number, stamp: FileStamp): Picture | undefined
  /** Keeps a copy, if there is room. */
  put(index: number, stamp: FileStamp, decoded: Picture): void
}

/**
 * A store for `count` pictures.
 *
 * @throws {@link ArgumentError} if `maxBytes` is no positive number, or more than can be reserved.
 */
export function createPictureStore(count: number, { maxBytes }: PictureCacheOptions): PictureStore {
  if (!(maxBytes > 0 && Number.isFinite(maxBytes))) {
    throw new ArgumentError(`cache: maxBytes must be a positive number of bytes, as 512e6, not ${maxBytes}`)
  }
  return createMemoryStore(count, maxBytes)
}

/** The way into a store. */
export function openPictureCache(store: PictureStore): PictureCache {
  return new MemoryCache(store)
}
