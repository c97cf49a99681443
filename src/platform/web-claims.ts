import { ArgumentError } from '../core/errors.ts'
import { takeLock, type Release } from './web-locks.ts'
import { namesOf } from './web-paths.ts'

let hasAsked = false

/**
 * Takes a folder for one run, until it's released or the tab is closed, and asks the browser to keep what is in it.
 *
 * @throws {@link ArgumentError} where another tab has it.
 */
export async function claimFolder(path: string): Promise<Release> {
  keepStorage()
  const release = await takeLock(`trains in ${namesOf(path).join('/')}`, true)
  if (release) return release
  throw new ArgumentError(
    `a run in another tab, or another one in this page, is saved in ${path}: stop that one first, or give this one a folder of its own`,
  )
}

/** Without it, the browser may clear the site's files when the disk is full. Firefox asks the user, who may take any time. */
function keepStorage(): void {
  const { storage } = globalThis.navigator as Partial<Navigator>
  if (hasAsked || typeof storage?.persist !== 'function') return
  hasAsked = true
  storage.persist().catch(() => undefined)
}
