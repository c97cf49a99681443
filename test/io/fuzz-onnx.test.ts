import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { exportOnnx } from '../../src/io/export-onnx.ts'
import { inspectFile } from '../../src/io/inspect.ts'
import { classifierOf } from '../../src/io/onnx-classifier.ts'
import { readOnnx } from '../../src/io/onnx-read.ts'
import { fuzz, fuzzCases, type FuzzSeed } from './fuzz.ts'
import { classes, preprocessing, smallClassifier } from './small-classifier.ts'

let seeds: FuzzSeed[]
let folder: string
beforeAll(async () => {
  const variants = {
    plain: {},
    'float16 weights': { precision: 'float16' },
    'int8 weights': { precision: 'int8' },
    'preprocessing in the graph': { preprocessingInGraph: true },
  } as const
  const model = smallClassifier()
  seeds = []
  folder = mkdtempSync(join(tmpdir(), 'fuzz-onnx-'))
  for (const [name, options] of Object.entries(variants)) {
    seeds.push({ name, bytes: (await exportOnnx(model, { classes, preprocessing, ...options })).bytes })
  }
  const path = join(folder, 'apart.onnx')
  const apart = await exportOnnx(model, { classes, preprocessing, path, externalData: true })
  seeds.push({ name: 'weights apart', bytes: apart.bytes })
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe('damaged .onnx files', () => {
  it('are read or refused by a typed error, in bounded time and memory', async () => {
    const report = await fuzz(seeds, (file) => classifierOf(readOnnx(file), {}, 'the file'), {
      // What is read names places beside the model only, and sizes that can be allocated.
      isRight: ({ classes: names, preprocessing: { cropSize } }) => names.length > 0 && cropSize <= 16_384,
    })
    expect(report.read).toBeGreaterThan(0)
    expect(report.refused).toBeGreaterThan(0)
  }, 600_000)

  it('are inspected or refused likewise', async () => {
    await fuzz(seeds, (file) => inspectFile(file), { seed: 1, cases: Math.ceil(fuzzCases / 4) })
  }, 600_000)

  // In a process of its own: ONNX Runtime is native code, and what it does to hostile files is not ours to promise.
  it('never crash the session that is made of those that pass', async () => {
    const files = seeds.slice(0, 2).map(({ bytes }, index) => {
      const path = join(folder, `${index}.onnx`)
      writeFileSync(path, bytes)
      return path
    })
    const flags = ['--conditions=onnx-finetune-source', '--import', 'tsx']
    const count = String(Math.min(200, Math.ceil(fuzzCases / 10)))
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...flags,
      'test/io/fuzz-onnx-sessions.ts',
      count,
      ...files,
    ])
    expect(JSON.parse(stdout)).toMatchObject({ cases: Number(count) })
  }, 600_000)
})
