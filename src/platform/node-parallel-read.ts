import { open, type FileHandle } from 'node:fs/promises'

import { AbortError } from '../core/errors.ts'

/** Below, a file is read faster in one go. */
const least = 8 << 20
const chunk = 2 << 20
const readers = 4

/**
 * Reads a large file by several threads at once, into one array: most of the time that reading takes is the system's, for
 * giving out the memory, and that it can do on several processors. `undefined` for a small file, and for what has no size,
 * such as a pipe.
 */
export async function readInParallel(
  path: string,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const file = await open(path)
  try {
    const stats = await file.stat()
    if (!stats.isFile() || stats.size < least) return undefined
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(stats.size).buffer)
    let next = 0
    const read = async () => {
      while (next < bytes.length) {
        if (signal?.aborted) throw new AbortError(`reading ${path} was aborted`, { cause: signal.reason })
        const start = next
        next = Math.min(bytes.length, start + chunk)
        await fill(file, bytes.subarray(start, next), start)
      }
    }
    const ended = await Promise.allSettled(Array.from({ length: readers }, read))
    const failure = ended.find((outcome) => outcome.status === 'rejected')
    if (failure) throw failure.reason
    return bytes
  } finally {
    await file.close()
  }
}

/** The system may give less than is asked for. */
async function fill(file: FileHandle, part: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < part.length;) {
    const { bytesRead } = await file.read(part, at, part.length - at, position + at)
    if (bytesRead === 0) throw new Error('it became shorter while it was read: read it again')
    at += bytesRead
  }
}
