import * as errors from './errors.ts'

/** An error as plain data: structured clone would keep the message and lose the class. */
export interface ErrorWire {
  readonly name: string
  readonly message: string
  readonly stack?: string | undefined
  /** The error's own data, as `missingKeys` of a `StateDictError` or `code` of one of Node's. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly cause?: ErrorWire | undefined
}

const longestChain = 8

/** Packs anything thrown in a worker, with its causes. */
export function packError(error: unknown, depth = 0): ErrorWire {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), fields: {} }
  const { name, message, stack, cause } = error
  const isLast = cause === undefined || depth >= longestChain
  return {
    name,
    message,
    stack,
    fields: Object.fromEntries(
      Object.entries(error).filter(([key, value]) => key !== 'name' && isPlain(value)),
    ),
    cause: isLast ? undefined : packError(cause, depth + 1),
  }
}

/** The error again, of its own class where that is one of this library's or of the language's. */
export function unpackError({ name, message, stack, fields, cause }: ErrorWire): Error {
  const error = new Error(message, cause && { cause: unpackError(cause) })
  // Each class's constructor takes other arguments: what they make of them came along, as message and fields.
  const prototype = classes.get(name)
  if (prototype) Object.setPrototypeOf(error, prototype)
  else if (name !== error.name) Object.defineProperty(error, 'name', { value: name, configurable: true })
  if (stack !== undefined) error.stack = stack
  return Object.assign(error, fields)
}

const classes: ReadonlyMap<string, Error> = new Map(
  [...Object.values(errors), RangeError, SyntaxError, TypeError]
    .map(({ prototype }) => prototype as unknown)
    .filter((prototype) => prototype instanceof Error)
    .map((prototype) => [prototype.name, prototype]),
)

/** What crosses for certain; anything else an error may carry stays behind. */
function isPlain(value: unknown): boolean {
  return Array.isArray(value)
    ? value.every(isPlain)
    : ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
}
