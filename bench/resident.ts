import { readdirSync, readFileSync } from 'node:fs'

/**
 * Resident bytes of a process and of its descendants: now (`VmRSS`), or the sum of their peaks (`VmHWM`, which unlike
 * `ru_maxrss` doesn't inherit the parent's at a fork). `undefined` where there is no `/proc`.
 */
export function residentBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const own = 1024 * Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? NaN)
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
    )
    return children.reduce((sum, child) => sum + (residentBytes(Number(child), field) ?? 0), own)
  } catch {
    return undefined
  }
}
