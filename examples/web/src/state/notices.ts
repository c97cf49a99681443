import { signal } from '@preact/signals'

import { explained } from '../library/explain.ts'

/** Something a person should know. */
export interface Notice {
  readonly id: number
  readonly kind: 'error' | 'warning' | 'info'
  readonly text: string
}

/** What is shown above everything, the newest last. */
export const notices = signal<readonly Notice[]>([])

let nextId = 0

/** Shows a text until it is closed; one that is shown already stays as it is. */
export function notify(kind: Notice['kind'], text: string): void {
  if (notices.value.some((notice) => notice.text === text)) return
  notices.value = [...notices.value, { id: nextId++, kind, text }].slice(-4)
}

/** Shows what went wrong. The library's messages say what to do; for those who look deeper, the console has all of it. */
export function notifyError(error: unknown, what = ''): void {
  console.error(error)
  notify('error', `${what}${messageOf(error)}`)
}

/** Closes a notice. */
export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id)
}

/** A message with a capital letter, for people. */
export function messageOf(error: unknown): string {
  const text = explained(error) ?? (error instanceof Error ? error.message : String(error))
  return text.charAt(0).toUpperCase() + text.slice(1)
}
