import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { crc32, portableCrc32 } from '../../src/io/crc32.ts'

describe.each([
  ['of the platform', crc32],
  ['in JavaScript', portableCrc32],
])('crc32 %s', (_, crc32) => {
  it('gives the check value of its definition', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
    expect(crc32(new Uint8Array())).toBe(0)
  })

  it('is the same for bytes that start anywhere, whole or in parts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), fc.nat(3), (bytes, cut, shift) => {
        const shifted = new Uint8Array(bytes.length + shift).subarray(shift)
        shifted.set(bytes)
        expect(crc32(shifted)).toBe(crc32(bytes))
        expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(crc32(bytes))
      }),
    )
  })
})
