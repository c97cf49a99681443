import { RuntimeError } from '../core/errors.ts'
import type { DownloadCache } from './download-cache.ts'

/** A browser has no folders to download into yet: always throws. */
export function openDownloadCache(): Promise<DownloadCache> {
  return Promise.reject(
    new RuntimeError(
      'a browser page has no file system to keep downloads in: serve the file beside the page and give its URL ' +
        'to readStateDict, then the state dict as weights; the browser keeps it in its own cache',
    ),
  )
}

/** The browser knows its proxies. */
export function networkAdvice(): string {
  return ''
}
