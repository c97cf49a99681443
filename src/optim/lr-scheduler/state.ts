import { StateDictError } from '../../core/errors.ts'
import type { SchedulerState } from './scheduler.ts'

/**
 * Compares a saved state with the own one: the same keys, the same kinds of values, lists by group as long.
 *
 * @throws {@link StateDictError} with the keys that differ.
 */
export function checkState(state: SchedulerState, own: SchedulerState, scheduler: string): void {
  const missing = Object.keys(own).filter((key) => !(key in state))
  const unexpected = Object.keys(state).filter((key) => !(key in own))
  const mismatched = Object.keys(own).filter((key) => key in state && !alike(key, state[key], own[key]))
  if (missing.length + unexpected.length + mismatched.length === 0) return
  throw new StateDictError(
    `the saved state doesn't fit ${scheduler}: ${[
      list('missing', missing),
      list('unexpected', unexpected),
      list('of another kind or for another number of groups', mismatched),
    ]
      .filter(Boolean)
      .join('; ')}. Build the scheduler as it was when saved: the same class, for as many groups.`,
    missing,
    unexpected,
    mismatched,
  )
}

/** `milestones` may be more or fewer; every other list has an entry for each group, or scheduler. */
function alike(key: string, saved: unknown, own: unknown): boolean {
  if (Array.isArray(saved) && Array.isArray(own)) {
    const sameLength = key === 'milestones' || saved.length === own.length
    return sameLength && saved.every((item) => typeof item === typeof (own[0] ?? 0))
  }
  if (saved === null || own === null) return saved === own || typeof (saved ?? own) === 'number'
  return typeof saved === typeof own && Array.isArray(saved) === Array.isArray(own)
}

function list(what: string, keys: readonly string[]): string {
  return keys.length > 0 ? `${what}: ${keys.join(', ')}` : ''
}
