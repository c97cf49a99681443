import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { SoftShadow } from '../../examples/custom-transform/soft-shadow.ts'
import { Generator } from '../../src/core/generator.ts'
import { decodeImage } from '../../src/vision/decode.ts'
import { contiguous, crop, picture } from '../../src/vision/picture.ts'
import { exampleTimeout, numbersAfter, runExampleWith, source } from './run-example.ts'

const white = () => picture(20, 20, 3, new Uint8Array(1200).fill(200))

describe('SoftShadow', () => {
  it('darkens the side that it is told to, by its strength', () => {
    const shaded = SoftShadow.apply(white(), { angle: 0, edge: 0.5 }, 0.5)
    expect([shaded.get(10, 0, 0), shaded.get(10, 19, 0)]).toEqual([200, 100])
    const below = SoftShadow.apply(white(), { angle: Math.PI / 2, edge: 0.5 }, 1)
    expect([below.get(0, 10, 2), below.get(19, 10, 2)]).toEqual([200, 0])
  })

  it('draws the same from the same seed, and leaves the picture that it is given alone', () => {
    const source = white()
    const [first, again, other] = [1, 1, 2].map((seed) =>
      contiguous(new SoftShadow().forward(source, new Generator(seed))),
    )
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
    expect(contiguous(source)).toEqual(contiguous(white()))
  })
})

it(
  'writes sixteen different views of a picture, the same with workers, and trains on such views',
  async () => {
    const { output, folder } = await runExampleWith(source, 'custom-transform')
    const grid = decodeImage(await readFile(join(folder, 'augmented.png')))
    expect(grid.shape).toEqual([4 * 66 + 2, 4 * 66 + 2, 3])
    const views = Array.from({ length: 16 }, (_, index) =>
      Buffer.from(contiguous(crop(grid, 2 + 66 * (index >> 2), 2 + 66 * (index % 4), 64, 64))).toString(
        'hex',
      ),
    )
    expect(new Set(views).size).toBe(16)
    expect(output).toContain(`sixteen views of one picture: ${join(folder, 'augmented.png')}`)
    expect(output).toContain('the same with two workers: true')
    // Guessing gives 0.5, with a standard deviation of 0.065 among 60 pictures.
    expect(numbersAfter('\naccuracy', output)[0]).toBeGreaterThan(0.75)
  },
  exampleTimeout,
)
