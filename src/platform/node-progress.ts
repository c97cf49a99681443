import cliProgress from 'cli-progress'

import type { ProgressBar } from './platform.ts'

/** Where a bar is drawn. */
export type ProgressStream = NodeJS.WritableStream & { readonly isTTY?: boolean }

/**
 * A progress bar on an interactive terminal; `undefined` where output goes to a file, a pipe, a dumb terminal or a
 * CI's log.
 */
export function openProgressBar(
  stream: ProgressStream = process.stdout,
  environment: NodeJS.ProcessEnv = process.env,
): ProgressBar | undefined {
  if (!stream.isTTY || environment.TERM === 'dumb' || environment.CI) return undefined
  let bar: cliProgress.SingleBar | undefined
  const stop = () => {
    bar?.stop()
    bar = undefined
  }
  return {
    start: (total, label) => {
      stop()
      bar = new cliProgress.SingleBar({ ...appearance, stream })
      bar.start(total, 0, { label, detail: '' })
    },
    update: (value, detail) => bar?.update(value, { detail }),
    stop,
  }
}

/** Neither the cursor nor line wrapping is switched off: a killed process leaves the terminal as it was. */
const appearance: cliProgress.Options = {
  format: '{label} {bar} {value}/{total} {detail} ETA {eta_formatted}',
  barsize: 16,
  barCompleteChar: '█',
  barIncompleteChar: '░',
  hideCursor: false,
  linewrap: true,
  clearOnComplete: true,
}
