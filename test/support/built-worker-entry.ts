import { fileURLToPath } from 'node:url'

import { workerEntry as sourceEntry, type WorkerEntry } from '../../src/platform/node-worker-entry.ts'

/**
 * What tests have instead of `src/platform/node-worker-entry.ts`: the engine's worker as it is built, which starts in an
 * eighth of a second, while its sources take two thirds of one. Loader workers import tests' own TypeScript: those are as they were.
 */
export function workerEntry(name: string): WorkerEntry {
  if (name !== 'platform/node-engine-worker') return sourceEntry(name)
  return { path: fileURLToPath(new URL('../../dist/node/node-engine-worker.js', import.meta.url)) }
}
