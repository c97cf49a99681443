import { RuntimeError } from '../core/errors.ts'

/** For pages: always rejects. */
export function offerDownload(what: string | Blob, name: string): Promise<void> {
  const file = typeof what === 'string' ? what : name
  return Promise.reject(
    new RuntimeError(`offerDownload is for pages: in Node, ${file} is a file of yours already`),
  )
}
