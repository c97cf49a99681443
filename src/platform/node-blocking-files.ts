import { readFileSync, statSync } from 'node:fs'

import { fileSystemError } from './node-files.ts'
import type { FileStamp } from './platform.ts'

/** Reads a whole file at once; never `undefined` here. Throws {@link FileSystemError} as `readFile` does. */
export function readFileNow(path: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const { buffer, byteOffset, byteLength } = readFileSync(path)
    return new Uint8Array(buffer, byteOffset, byteLength)
  } catch (error) {
    throw fileSystemError('read', path, error)
  }
}

/** A file's stamp; a link counts as what it points at. Throws {@link FileSystemError} as `readFile` does. */
export function fileStamp(path: string): FileStamp {
  try {
    const { mtimeMs, size } = statSync(path)
    return { mtimeMs, size }
  } catch (error) {
    throw fileSystemError('read', path, error)
  }
}
