import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { ArgumentError, DTypeError, ShapeError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { makeGrid, type GridOptions } from '../../src/vision/make-grid.ts'

interface Encoded {
  readonly shape: number[]
  readonly data: string
}
const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/transforms/grids.json', import.meta.url), 'utf8'),
) as { inputs: Record<string, Encoded>; grids: [name: string, options: GridOptions, expected: Encoded][] }

function decode({ shape, data }: Encoded): Tensor<'float32'> {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'))
  return new Tensor('float32', new Float32Array(bytes.buffer), shape)
}

const input = (name: string) => decode(fixture.inputs[name]!)

describe('makeGrid', () => {
  it.each(fixture.grids)("gives torchvision's bits: %s %j", (name, options, expected) => {
    const images = input(name)
    const grid = makeGrid(images, options)
    expect(grid.shape).toEqual(expected.shape)
    expect(Array.from(grid.data)).toEqual(Array.from(decode(expected).data))
    expect(images.equals(input(name))).toBe(true)
  })

  it('takes a list of images as it takes a batch', () => {
    const batch = input('batch')
    const size = batch.size / 5
    const list = Array.from({ length: 5 }, (_, i) => {
      return new Tensor('float32', batch.data.slice(i * size, (i + 1) * size), batch.shape.slice(1))
    })
    expect(makeGrid(list, { normalize: true }).equals(makeGrid(batch, { normalize: true }))).toBe(true)
  })

  it.each([
    [() => makeGrid([]), ArgumentError, 'the list is empty'],
    [
      () => makeGrid([Tensor.zeros([3, 2, 2]), Tensor.zeros([3, 2, 3])]),
      ShapeError,
      '[3, 2, 2] and [3, 2, 3]',
    ],
    [() => makeGrid(Tensor.zeros([2, 3, 2, 2], 'uint8')), DTypeError, 'float32 images, not of uint8'],
    [() => makeGrid(Tensor.zeros([4])), ShapeError, '[N, C, H, W], [C, H, W] or [H, W], not [4]'],
    [() => makeGrid(Tensor.zeros([0, 3, 2, 2])), ShapeError, 'no image in a tensor [0, 3, 2, 2]'],
    [
      () => makeGrid(Tensor.zeros([2, 3, 2, 2]), { nrow: 0 }),
      ArgumentError,
      'nrow must be an integer ≥ 1, not 0',
    ],
    [
      () => makeGrid(Tensor.zeros([2, 3, 2, 2]), { padding: -1 }),
      ArgumentError,
      'padding must be an integer ≥ 0',
    ],
  ])('says what is wrong: %s', (act, type, message) => {
    expect(act).toThrow(type)
    expect(act).toThrow(message)
  })
})
