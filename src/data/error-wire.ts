import * as errors from '../core/errors.ts'

/** An error as plain data: structured clone would keep the message and lose the class. */
export interface ErrorWire {
  readonly name: string
  readonly message: string
  readonly stack?: string | undefined
  readonly source?: string | undefined
  readonly cause?: ErrorWire | undefined
}

type ErrorClass = new (message: string, options?: ErrorOptions) => Error

const classes: Readonly<Record<string, ErrorClass>> = {
  ArgumentError: errors.ArgumentError,
  DataError: errors.DataError,
  DTypeError: errors.DTypeError,
  FileFormatError: errors.FileFormatError,
  FileSystemError: errors.FileSystemError,
  RuntimeError: errors.RuntimeError,
  ShapeError: errors.ShapeError,
  RangeError,
  TypeError,
}

/** Packs anything thrown in a worker, with its causes. */
export function packError(error: unknown): ErrorWire {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    source: error instanceof errors.ImageError ? error.source : undefined,
    cause: error.cause === undefined ? undefined : packError(error.cause),
  }
}

/** The error again, of its own class where that is one of this library's. */
export function unpackError(wire: ErrorWire): Error {
  const options = wire.cause ? { cause: unpackError(wire.cause) } : undefined
  const error = rebuild(wire, options)
  if (error.name !== wire.name) error.name = wire.name
  if (wire.stack !== undefined) error.stack = wire.stack
  return error
}

function rebuild({ name, message, source }: ErrorWire, options: ErrorOptions | undefined): Error {
  if (name === 'ImageError') return new errors.ImageError(message, source, options)
  return new (classes[name] ?? Error)(message, options)
}
