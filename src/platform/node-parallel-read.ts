import { readSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'

import { AbortError } from '../core/errors.ts'

/** Below, a file is read faster in one go. */
const least = 8 << 20
const chunk = 2 << 20
const helping = 1 << 20
const readers = 2

/**
 * Reads a large file by several threads at once, into one array: most of the time that reading takes is the system's, for
 * giving out the memory, and that it can do on several processors. Two threads of Node's read from the start on; this
 * one, which would only wait, reads from the end and gives way after each megabyte. `undefined` for a small file, and for
 * what has no size, such as a pipe.
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
    const rest = { start: 0, end: bytes.length }
    const check = () => {
      if (signal?.aborted) throw new AbortError(`reading ${path} was aborted`, { cause: signal.reason })
    }
    const jobs = Array.from({ length: readers }, () => readFromStart(file, bytes, rest, check))
    const ended = await Promise.allSettled([...jobs, readFromEnd(file, bytes, rest, check)])
    const failure = ended.find((outcome) => outcome.status === 'rejected')
    if (failure) throw failure.reason
    return bytes
  } finally {
    await file.close()
  }
}

/** What nobody reads yet. */
interface Rest {
  start: number
  end: number
}

async function readFromStart(
  file: FileHandle,
  bytes: Uint8Array,
  rest: Rest,
  check: () => void,
): Promise<void> {
  while (rest.start < rest.end) {
    check()
    let at = rest.start
    const end = (rest.start = Math.min(rest.end, at + chunk))
    // The system may give less than is asked for.
    while (at < end) {
      const { bytesRead } = await file.read(bytes, at, end - at, at)
      at += checkProgress(bytesRead)
    }
  }
}

/** By way of a small buffer: copying makes memory known to this thread, which else would wait for it once more. */
async function readFromEnd(
  { fd }: FileHandle,
  bytes: Uint8Array,
  rest: Rest,
  check: () => void,
): Promise<void> {
  const buffer = new Uint8Array(helping)
  while (rest.start < rest.end) {
    check()
    const end = rest.end
    let at = (rest.end = Math.max(rest.start, end - helping))
    while (at < end) {
      const bytesRead = checkProgress(readSync(fd, buffer, 0, end - at, at))
      bytes.set(buffer.subarray(0, bytesRead), at)
      at += bytesRead
    }
    await setImmediate()
  }
}

function checkProgress(bytesRead: number): number {
  if (bytesRead > 0) return bytesRead
  throw new Error('it became shorter while it was read: read it again')
}
