import { describe, expect, it } from 'vitest'

import * as errors from '../../src/core/errors.ts'
import { packError, unpackError } from '../../src/data/error-wire.ts'

const across = (error: unknown) => unpackError(structuredClone(packError(error)))

describe('an error that crosses the border of a worker', () => {
  it.each<Error>([
    new errors.ArgumentError('a'),
    new errors.DataError('d'),
    new errors.FileSystemError('f'),
    new errors.FileFormatError('f'),
    new errors.ShapeError('s'),
    new TypeError('t'),
    new Error('e'),
  ])('keeps class, message and stack of %s', (error) => {
    const other = across(error)
    expect(other.constructor).toBe(error.constructor)
    expect(other).toMatchObject({ name: error.name, message: error.message, stack: error.stack })
  })

  it('keeps the causes, and the source of a picture', () => {
    const cause = new errors.FileFormatError('truncated', { cause: new RangeError('end') })
    const other = across(new errors.ImageError('bad', 'a.jpg', { cause }))
    expect(other).toBeInstanceOf(errors.ImageError)
    expect(other).toMatchObject({
      source: 'a.jpg',
      cause: { message: 'truncated', cause: { message: 'end' } },
    })
    expect(other.cause).toBeInstanceOf(errors.FileFormatError)
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
