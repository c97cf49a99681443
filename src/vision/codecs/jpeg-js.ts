/** jpeg-js, in plain JavaScript; loaded where it is asked for, which few do. */
import { jpegJs } from '#platform'

import type { JpegJs } from '../../platform/platform.ts'

let decoder: JpegJs | undefined

/** The decoder: in a page not before {@link loadJpegJs}. */
export function loadedJpegJs(): JpegJs | undefined {
  void loadJpegJs()
  return decoder
}

/** Loads the decoder: in Node at once, in a page before the promise is kept. */
export function loadJpegJs(): Promise<void> | undefined {
  if (decoder) return undefined
  const loaded = jpegJs()
  if (loaded instanceof Promise) return loaded.then(keep)
  keep(loaded)
  return undefined
}

function keep(loaded: JpegJs): void {
  decoder = loaded
}
