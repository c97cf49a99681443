/** Who works on a file: a lock of the browser's for it, which goes with the tab or worker that has it. */

/** Releases a lock. */
export type Release = () => void

const nothing: Release = () => undefined

/**
 * Takes a lock and keeps it until it's released; with `ifAvailable`, `undefined` if somebody has it, else waits.
 * Where the browser has no locks, everybody gets it.
 */
export function takeLock(name: string, ifAvailable: true): Promise<Release | undefined>
export function takeLock(name: string, ifAvailable?: false): Promise<Release>
export function takeLock(name: string, ifAvailable = false): Promise<Release | undefined> {
  const locks = (globalThis.navigator as { readonly locks?: LockManager }).locks
  if (!locks) return Promise.resolve(nothing)
  return new Promise((resolve, reject) => {
    const held = locks.request(`onnx-finetune ${name}`, { ifAvailable }, (lock) => {
      if (!lock) {
        resolve(undefined)
        return undefined
      }
      return new Promise<void>((release) => {
        resolve(release)
      })
    })
    held.catch(reject)
  })
}
