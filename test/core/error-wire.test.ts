import { describe, expect, it } from 'vitest'

import { packError, unpackError } from '../../src/core/error-wire.ts'
import * as errors from '../../src/core/errors.ts'

const across = (error: unknown) => unpackError(structuredClone(packError(error)))

describe('an error that crosses the border of a worker', () => {
  it.each<Error>([
    new errors.AbortError('a'),
    new errors.ArgumentError('a'),
    new errors.DataError('d'),
    new errors.DTypeError('t'),
    new errors.FileSystemError('f'),
    new errors.FileFormatError('f'),
    new errors.GraphError('g'),
    new errors.ImageError('i', 'a.jpg'),
    new errors.NonFiniteLossError(Infinity, 1, 2, [0.1]),
    new errors.OnnxFinetuneError('o'),
    new errors.RuntimeError('r'),
    new errors.ShapeError('s'),
    new errors.StateDictError('s', ['a'], ['b'], ['c']),
    new errors.WorkerError('w'),
    new TypeError('t'),
    new RangeError('r'),
    new Error('e'),
  ])('keeps class, message, data and stack of %s', (error) => {
    const other = across(error)
    expect(other.constructor).toBe(error.constructor)
    expect(other).toMatchObject({ name: error.name, message: error.message, stack: error.stack })
    expect(Object.entries(other)).toEqual(Object.entries(error))
    expect(String(other)).toBe(String(error))
  })

  it('keeps the causes, each of its class', () => {
    const cause = new errors.FileFormatError('truncated', { cause: new RangeError('end') })
    const other = across(new errors.ImageError('bad', 'a.jpg', { cause }))
    expect(other).toMatchObject({ cause: { message: 'truncated', cause: { message: 'end' } } })
    expect(other.cause).toBeInstanceOf(errors.FileFormatError)
  })

  it('ends a chain of causes that goes round', () => {
    const error = new Error('round')
    error.cause = error
    expect(across(error).cause).toMatchObject({ message: 'round' })
  })

  it('keeps the code of a system error, and leaves behind what can not be sent', () => {
    const error = Object.assign(new Error('full'), { code: 'ENOSPC', errno: -28, retry: () => undefined })
    const other = across(error)
    expect(other).toMatchObject({ code: 'ENOSPC', errno: -28 })
    expect(other).not.toHaveProperty('retry')
  })

  it('keeps the name of a class it does not know', () => {
    const error = Object.assign(new Error('quota'), { name: 'QuotaError' })
    expect(across(error).toString()).toBe('QuotaError: quota')
  })

  it('makes an error of anything thrown', () => {
    expect(across('text')).toMatchObject({ name: 'Error', message: 'text' })
    expect(across(undefined)).toBeInstanceOf(Error)
  })
})
