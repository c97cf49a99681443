import type { ProgressBar } from '../platform/platform.ts'

/** How far a download is. */
export interface DownloadProgress {
  /** Bytes so far. */
  readonly received: number
  /** Bytes in all; `undefined` where the server doesn't say. */
  readonly total: number | undefined
}

/** Shows a download. Neither function throws. */
export interface ProgressReporter {
  readonly update: (received: number, total: number | undefined) => void
  readonly stop: () => void
}

const megabyte = 1e6

/** A bar with the file's name on an interactive terminal, or calls of the user's function, or nothing. */
export function progressOf(
  progress: boolean | ((progress: DownloadProgress) => void) = true,
  name: string,
  openBar: () => ProgressBar | undefined,
): ProgressReporter {
  if (typeof progress === 'function') {
    return {
      update: (received, total) => {
        progress({ received, total })
      },
      stop: () => undefined,
    }
  }
  const bar = progress ? openBar() : undefined
  if (!bar) return { update: () => undefined, stop: () => undefined }
  return barReporter(bar, name)
}

function barReporter(bar: ProgressBar, name: string): ProgressReporter {
  let shownTotal: number | undefined
  let first: { readonly at: number; readonly received: number } | undefined
  const update = (received: number, total: number | undefined): void => {
    if (total === undefined) return
    const megabytes = Math.max(1, Math.ceil(total / megabyte))
    if (shownTotal !== megabytes) bar.start(megabytes, name)
    shownTotal = megabytes
    first ??= { at: performance.now(), received }
    const seconds = (performance.now() - first.at) / 1000
    const speed = seconds > 0 ? (received - first.received) / megabyte / seconds : 0
    bar.update(Math.floor(received / megabyte), `MB ${speed.toFixed(1)} MB/s`)
  }
  return {
    update: quietly(update),
    stop: quietly(() => {
      bar.stop()
    }),
  }
}

/** It is decoration: the download goes on where there's nothing to draw on. */
function quietly<T extends readonly unknown[]>(show: (...args: T) => void): (...args: T) => void {
  return (...args) => {
    try {
      show(...args)
    } catch {
      // Nothing to draw on.
    }
  }
}
