import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { readOptions } from '../../examples/transfer-learning/options.ts'
import { ArgumentError, decodeImage } from '../../src/index.ts'

let out: string
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'transfer-learning-'))
})
afterAll(() => {
  rmSync(out, { recursive: true })
})

describe('examples/transfer-learning', () => {
  it('trains both strategies on the drawn pictures, and writes curves, pictures and a table', () => {
    const flags = ['--import', 'tsx', 'examples/transfer-learning/main.ts']
    const args = [...flags, '--drawn', '--epochs', '4', '--out', out]
    const printed = execFileSync('node', args, { encoding: 'utf8' })
    expect(printed).toContain('Using drawn ants and bees')
    const table = readFileSync(join(out, 'results.md'), 'utf8')
    const accuracies = [...table.matchAll(/^\| (\w+) +\| (0\.\d+|1\.0+)/gm)].map(([, name, accuracy]) => ({
      name,
      accuracy: Number(accuracy),
    }))
    expect(accuracies.map(({ name }) => name)).toEqual(['finetune', 'frozen'])
    expect(accuracies[0]!.accuracy).toBeGreaterThan(0.85)
    expect(accuracies[1]!.accuracy).toBeGreaterThan(0.75)
    expect(readFileSync(join(out, 'curves.svg'), 'utf8')).toContain('frozen val')
    const pictures = readdirSync(out).filter((name) => name.endsWith('.png'))
    expect(pictures).toEqual(['predictions-finetune.png', 'predictions-frozen.png', 'train-batch.png'])
    for (const name of pictures) {
      const [height, width] = decodeImage(new Uint8Array(readFileSync(join(out, name)))).shape
      expect(Math.min(height!, width!)).toBeGreaterThan(60)
    }
  }, 240_000)

  it('leaves a model with which examples/predict names pictures', () => {
    const flags = ['--import', 'tsx', 'examples/predict/main.ts']
    const folder = join(out, 'drawn-ants-and-bees', 'val')
    const pictures = ['ants', 'bees'].flatMap((name) =>
      readdirSync(join(folder, name)).map((file) => join(folder, name, file)),
    )
    const args = [...flags, join(out, 'model.onnx'), ...pictures]
    const lines = execFileSync('node', args, { encoding: 'utf8' }).trim().split('\n')
    expect(lines).toHaveLength(pictures.length)
    const right = lines.filter((line) => /val\/(\w+)\/.*: \1 \d+\.\d %, \w+ \d+\.\d %$/.test(line))
    // As many as the table said, which the test before found to be above 0.85.
    expect(right.length / lines.length).toBeGreaterThan(0.85)
  })

  it('names the option that is wrong', () => {
    for (const args of [['--epochs', 'many'], ['--strategy', 'half'], ['--momentum', '-1'], ['--colour']]) {
      expect(() => readOptions(args)).toThrow(ArgumentError)
      expect(() => readOptions(args)).toThrow(args[0])
    }
  })
})
