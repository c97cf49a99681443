import { readFileSync, statSync } from 'node:fs'

import { mountedFile, stampOf } from './mounts.ts'
import { fileSystemError } from './node-files.ts'
import type { FileStamp } from './platform.ts'

/** Reads a whole file at once; `undefined` for a mounted one. Throws {@link FileSystemError} as `readFile` does. */
export function readFileNow(path: string): Uint8Array<ArrayBuffer> | undefined {
  if (mountedFile(path)) return undefined
  try {
    const { buffer, byteOffset, byteLength } = readFileSync(path)
    return new Uint8Array(buffer, byteOffset, byteLength)
  } catch (error) {
    throw fileSystemError('read', path, error)
  }
}

/** A file's stamp, here at once; a link counts as what it points at. Throws {@link FileSystemError} as `readFile` does. */
export function fileStamp(path: string): FileStamp | Promise<FileStamp> {
  const mounted = mountedFile(path)
  if (mounted) return stampOf(mounted)
  try {
    const { mtimeMs, size } = statSync(path)
    return { mtimeMs, size }
  } catch (error) {
    throw fileSystemError('read', path, error)
  }
}
