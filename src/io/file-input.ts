import { readFile } from '#platform'

import { AbortError, FileSystemError } from '../core/errors.ts'

/** A file as readers take it: its path, its bytes, or what a page's user chose. */
export type FileInput = string | Uint8Array | Blob

/** Its path or its name, for messages. */
export function nameOfInput(file: FileInput, fallback: string): string {
  if (typeof file === 'string') return file
  return file instanceof File ? file.name : fallback
}

/** Its bytes. Throws {@link FileSystemError} if they can't be read. */
export async function bytesOfInput(
  file: FileInput,
  source: string,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (typeof file === 'string') return readFile(file, signal)
  if (file instanceof Uint8Array) return file
  if (signal?.aborted) throw new AbortError(`reading ${source} was aborted`, { cause: signal.reason })
  try {
    return new Uint8Array(await file.arrayBuffer())
  } catch (cause) {
    throw new FileSystemError(
      `can't read ${source}: it was changed or removed since it was chosen, or may not be read; choose it again`,
      { cause },
    )
  }
}
