import { FileFormatError } from '../core/errors.ts'

/** Throws {@link FileFormatError} unless a value that came out of JSON is of the kind; `where` names it in the message. */
export type Check = (value: unknown, where: string) => void

/** A check by a predicate. */
export function is(what: string, test: (value: unknown) => boolean): Check {
  return (value, where) => {
    if (!test(value)) throw new FileFormatError(`${where} is no ${what}: it is ${shown(value)}`)
  }
}

export const text = is('text', (value) => typeof value === 'string')
export const number = is('number', (value) => typeof value === 'number')
export const count = is('count', (value) => Number.isSafeInteger(value) && (value as number) >= 0)
export const anything: Check = () => undefined

export function optional(check: Check): Check {
  return (value, where) => {
    if (value !== undefined) check(value, where)
  }
}

export function listOf(check: Check): Check {
  return (value, where) => {
    isList(value, where)
    ;(value as unknown[]).forEach((item, index) => {
      check(item, `${where}[${index}]`)
    })
  }
}

/** An object of as many such values as there are. */
export function recordOf(check: Check): Check {
  return (value, where) => {
    isRecord(value, where)
    for (const [key, item] of Object.entries(value as object)) check(item, `${where}.${key}`)
  }
}

/** An object that has these fields; others are left alone. */
export function fields(checks: Readonly<Record<string, Check>>): Check {
  return (value, where) => {
    isRecord(value, where)
    for (const [key, check] of Object.entries(checks)) {
      check(
        Object.hasOwn(value as object, key) ? (value as Record<string, unknown>)[key] : undefined,
        `${where}.${key}`,
      )
    }
  }
}

const isList = is('list', Array.isArray)
const isRecord = is('object', (value) => typeof value === 'object' && value !== null && !Array.isArray(value))

function shown(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 40)
}
