import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { generateShapes } from '../../examples/shapes/generate.ts'
import { weightsPath } from '../../examples/shapes/small-network.ts'
import { loadClassifier, readPth } from '../../src/index.ts'
import { cli } from './run-cli.ts'

let folder: string
let pictures: string
let out: string
let picture: string
const quick = ['--weights', weightsPath, '--image-size', '64', '--workers', '0', '--device', 'cpu']

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'))
  pictures = join(folder, 'my pictures')
  out = join(folder, 'out')
  await generateShapes({ directory: pictures, trainPerClass: 12, valPerClass: 4, size: 64 })
  picture = join(pictures, 'val', 'bees', 'bees-000.jpg')
  const { code, stderr } = await cli(['train', pictures, ...quick, '--epochs', '1', '--out', out])
  expect(stderr).toBe('')
  expect(code).toBe(0)
}, 120_000)

afterAll(() => rm(folder, { recursive: true }))

it('writes a model, its weights, a checkpoint and a report', () => {
  for (const name of [
    'model.onnx',
    'model.safetensors',
    'curves.svg',
    'curves.png',
    'predictions.png',
    'checkpoints',
  ]) {
    expect(existsSync(join(out, name)), name).toBe(true)
  }
})

it('predicts as the model that it wrote does', async () => {
  await using classifier = await loadClassifier(join(out, 'model.onnx'))
  const [best] = await classifier.predict(picture)
  const model = join(out, 'model.onnx')
  const json = await cli(['predict', model, picture, '--json'])
  const [row] = JSON.parse(json.stdout) as { picture: string; predictions: unknown[] }[]
  expect(row!.picture).toBe(picture)
  expect(row!.predictions[0]).toMatchObject({ label: best!.label, index: best!.index })
  const csv = await cli(['predict', model, picture, '--csv', '--top-k', '1'])
  expect(csv.stdout.trim().split('\n')).toEqual([
    'picture,rank,label,probability',
    `${picture},1,${best!.label},${best!.probability.toFixed(6)}`,
  ])
})

it('predicts the other pictures where one cannot be read, and fails then', async () => {
  const { code, stdout, stderr } = await cli(['predict', join(out, 'model.onnx'), 'nowhere.jpg', picture])
  expect(code).toBe(1)
  expect(stdout).toContain(picture)
  expect(stderr).toContain('nowhere.jpg')
})

it('evaluates on the validation part', async () => {
  const { stdout } = await cli(['evaluate', join(out, 'model.onnx'), pictures, '--json'])
  const report = JSON.parse(stdout) as {
    accuracy: number
    correct: number
    total: number
    confusion: number[][]
  }
  expect(report.total).toBe(8)
  expect(report.confusion.map((row) => row.reduce((sum, value) => sum + value))).toEqual([4, 4])
  expect(report.confusion[0]![0]! + report.confusion[1]![1]!).toBe(report.correct)
  expect(report.accuracy).toBe(report.correct / 8)
})

it('exports a run to ONNX and to PyTorch', async () => {
  const onnx = join(folder, 'half.onnx')
  expect((await cli(['export', out, onnx, '--precision', 'float16', '--preprocessing-in-graph'])).code).toBe(
    0,
  )
  await using classifier = await loadClassifier(onnx)
  expect(classifier.classes).toEqual(['ants', 'bees'])
  const pth = join(folder, 'last.pth')
  expect((await cli(['export', join(out, 'checkpoints'), pth, '--last'])).code).toBe(0)
  expect(await readPth(pth)).toBeInstanceOf(Map)
})

it('inspects each kind of file', async () => {
  const pth = join(folder, 'inspected.pth')
  await cli(['export', join(out, 'model.safetensors'), pth])
  for (const [file, format] of [
    [join(out, 'model.onnx'), 'onnx'],
    [join(out, 'model.safetensors'), 'safetensors'],
    [pth, 'pth'],
  ] as const) {
    const { stdout } = await cli(['inspect', file, '--json'])
    const found = JSON.parse(stdout) as { format: string; classes?: string[] }
    expect(found.format).toBe(format)
    if (format !== 'pth') expect(found.classes).toEqual(['ants', 'bees'])
  }
})

it('stops at Ctrl-C, says how to go on, and goes on', async () => {
  const stopped = join(folder, 'stopped')
  let sent = false
  const args = ['train', pictures, ...quick, '--epochs', '50', '--batch-size', '8', '--out', stopped]
  const first = await cli(args, (stdout, child) => {
    if (!sent && stdout.includes('Epoch 1/')) sent = child.kill('SIGINT')
  })
  expect(first.code).toBe(130)
  expect(first.stderr).toContain(`npx onnx-finetune train '${pictures}' --out ${stopped} --resume`)
  const done = Number(/epoch-(\d+)/.exec(await newestIn(stopped))![1])
  const epochs = String(done + 1)
  const second = await cli(['train', pictures, '--out', stopped, '--resume', '--epochs', epochs])
  expect(second.code).toBe(0)
  expect(second.stdout).toContain(`epochs finished: ${done}`)
  expect(existsSync(join(stopped, 'model.onnx'))).toBe(true)
})

async function newestIn(run: string): Promise<string> {
  const { readdir } = await import('node:fs/promises')
  const names = (await readdir(join(run, 'checkpoints'))).filter((name) => name.startsWith('checkpoint-'))
  return names.sort().at(-1)!
}

it('has help with examples for each command', async () => {
  for (const command of ['train', 'predict', 'evaluate', 'export', 'inspect']) {
    const { code, stdout } = await cli([command, '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain(`$ npx onnx-finetune ${command} `)
  }
})

describe('fails in one line', () => {
  it.each([
    ['an option that is none', ['train', 'x', '--epoch', '3'], 2, '--epochs'],
    ['a number that is none', ['train', 'x', '--epochs', 'many'], 2, 'whole number'],
    ['a run that isn’t there', ['train', 'x', '--out', 'nowhere', '--resume'], 2, '--resume'],
    ['a file that isn’t there', ['inspect', 'nowhere.pth'], 1, 'nowhere.pth'],
    ['a folder that isn’t there', ['train', 'nowhere', '--weights', 'none'], 1, 'nowhere'],
  ])('for %s', async (_, args, expected, words) => {
    const { code, stderr } = await cli(args)
    expect(code).toBe(expected)
    expect(stderr).toContain(words)
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})
