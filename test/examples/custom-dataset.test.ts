import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { CsvPictures } from '../../examples/custom-dataset/csv-pictures.ts'
import { DataError, ImageError } from '../../src/core/errors.ts'
import { Generator } from '../../src/core/generator.ts'
import { encodePng } from '../../src/vision/encode.ts'
import { picture } from '../../src/vision/picture.ts'
import * as T from '../../src/vision/transforms/transforms.ts'
import { isSlow, slowTitle } from '../support/slow.ts'
import { exampleTimeout, numbersAfter, runExample } from './run-example.ts'

const toTensor = new T.Compose([new T.ToTensor()])

async function tableOf(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'csv-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'red.png'), encodePng(picture(2, 3, 3, new Uint8Array(18).fill(255))))
  await writeFile(join(folder, 'text.png'), 'no picture')
  await writeFile(join(folder, 'table.csv'), text)
  return join(folder, 'table.csv')
}

describe('CsvPictures', () => {
  it('gives the pictures of the table, and numbers its classes by name', async () => {
    const dataset = await CsvPictures.open(await tableOf('file,class\nred.png,wasp\nred.png,ant\n'), toTensor)
    expect(dataset.classes).toEqual(['ant', 'wasp'])
    expect(dataset).toHaveLength(2)
    const { input, label } = await dataset.get(0, new Generator())
    expect([input.shape, input.data[0], label]).toEqual([[3, 2, 3], 1, 1])
  })

  it('names the line that is broken', async () => {
    const table = await tableOf('file,class\nred.png,ant\nred.png\n')
    await expect(CsvPictures.open(table, toTensor)).rejects.toThrow(DataError)
    await expect(CsvPictures.open(table, toTensor)).rejects.toThrow('line 3')
  })

  it('names the file that is no picture', async () => {
    const dataset = await CsvPictures.open(await tableOf('file,class\ntext.png,ant\n'), toTensor)
    await expect(dataset.get(0, new Generator())).rejects.toThrow(ImageError)
    await expect(dataset.get(0, new Generator())).rejects.toThrow('text.png')
  })
})

it.skipIf(!isSlow)(
  slowTitle('draws the rare class as often as the common one, and learns more than to name the common one'),
  async () => {
    const { output } = await runExample('custom-dataset')
    const counts = /to train on: (\d+) ants and (\d+) bees; drawn: (\d+) and (\d+)/.exec(output)
    const [ants, bees, drawnAnts, drawnBees] = counts!.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
    ]
    expect(ants).toBeGreaterThan(2 * bees)
    expect(drawnAnts + drawnBees).toBe(ants + bees)
    // Even odds among 120 draws have a standard deviation of 5.5.
    expect(Math.abs(drawnAnts - drawnBees) / 2).toBeLessThan(20)
    const [accuracy] = numbersAfter('\naccuracy', output)
    const [share] = numbersAfter('would give', output)
    expect(accuracy).toBeGreaterThan(share!)
  },
  exampleTimeout,
)
