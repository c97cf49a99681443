import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { ArgumentError, decodeImage, nn, Tensor, visualizeModel } from '../../src/index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'visualize-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** Says class 1 for bright pictures, 0 for dark ones. */
function brightness(): nn.Module {
  const linear = new nn.Linear(3, 2)
  linear.loadStateDict(
    new Map([
      [
        'weight',
        Tensor.from([
          [-1, -1, -1],
          [1, 1, 1],
        ]),
      ],
      ['bias', Tensor.from([1.5, -1.5])],
    ]),
  )
  return new nn.Sequential(new nn.AdaptiveAvgPool2d(1), new nn.Flatten(), linear)
}

/** Bright, bright, dark; the second one is labelled dark. */
const loader = {
  length: 2,
  async *[Symbol.asyncIterator]() {
    const pictures = (values: number[]) => {
      const tensor = Tensor.zeros([values.length, 3, 8, 8])
      values.forEach((value, index) => tensor.data.fill(value, index * 192, (index + 1) * 192))
      return tensor
    }
    yield await Promise.resolve({ inputs: pictures([0.9, 0.8]), labels: Tensor.from([1, 0], 'int32') })
    yield { inputs: pictures([0.1]), labels: Tensor.from([0], 'int32') }
  },
}

describe('visualizeModel', () => {
  it('shows predicted and true class, and tells right from wrong', async () => {
    const path = join(folder, 'predictions.png')
    const options = { classes: ['dark', 'bright'], path, engine: 'inline' } as const
    const { images, svg } = await visualizeModel(brightness(), loader, options)
    expect(images.map(({ predicted, actual, isRight }) => [predicted, actual, isRight])).toEqual([
      ['bright', 'bright', true],
      ['bright', 'dark', false],
      ['dark', 'dark', true],
    ])
    expect(images[0]!.probability).toBeCloseTo(1 / (1 + Math.exp(-2 * (2.7 - 1.5))), 5)
    expect(svg.match(/✓/g)).toHaveLength(2)
    expect(svg.match(/✗/g)).toHaveLength(1)
    const png = decodeImage(new Uint8Array(readFileSync(path)))
    expect([0, 1, 2].map((channel) => png.get(128, 128, channel))).toEqual([230, 230, 230])
  })

  it('stops at numImages', async () => {
    const options = { classes: ['dark', 'bright'], numImages: 1, engine: 'inline' } as const
    expect((await visualizeModel(brightness(), loader, options)).images).toHaveLength(1)
  })

  it('names the class that has no name, and writes no file then', async () => {
    const path = join(folder, 'none.png')
    const run = visualizeModel(brightness(), loader, { classes: ['dark'], path, engine: 'inline' })
    await expect(run).rejects.toThrow(ArgumentError)
    await expect(run).rejects.toThrow(/class 1/)
    expect(existsSync(path)).toBe(false)
  })
})
