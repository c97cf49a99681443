/** A folder of downloaded files. */
export interface DownloadCache {
  /** Where a file of it is or would be. */
  pathOf(name: string): string
  /** SHA-256 of a file in hexadecimal; `undefined` where it isn't there. */
  sha256(name: string): Promise<string | undefined>
  /** Begins a file, or goes on with what a download that died left of it. Nobody else writes to it. */
  openPartial(name: string): Promise<PartialDownload>
}

/** A file that isn't there yet. Its methods throw `FileSystemError`. */
export interface PartialDownload {
  /** Bytes so far. */
  readonly size: number
  /** Which version of the file they are of: an `ETag` or a `Last-Modified`. */
  readonly validator: string | undefined
  /** Empties it, for another version. */
  restart(validator: string | undefined): Promise<void>
  /** Adds bytes to its end. */
  append(bytes: Uint8Array): Promise<void>
  /** SHA-256 of what is there, in hexadecimal. */
  sha256(): Promise<string>
  /** Puts it in its place, whole, and closes it. */
  commit(): Promise<void>
  /** Leaves it for a later try. */
  close(): Promise<void>
  /** Removes it. */
  discard(): Promise<void>
}
