import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { onTestFinished } from 'vitest'

import type { TrainEvent } from '../../src/index.ts'

export { endOf, statefulRun, type Setup } from './stateful-run.ts'

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'checkpoint-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** A signal, and a callback that aborts it at the event that `isTime` is true for. */
export function abortAt(isTime: (event: TrainEvent) => boolean) {
  const controller = new AbortController()
  const callback = (event: TrainEvent) => {
    if (isTime(event)) controller.abort()
  }
  return { signal: controller.signal, callbacks: [callback] }
}
