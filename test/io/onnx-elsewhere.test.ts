import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Tensor } from '../../src/core/tensor.ts'
import { exportOnnx } from '../../src/io/export-onnx.ts'
import { predict } from '../../src/train/predict.ts'
import { classes, preprocessing, randomInputs, smallClassifier } from './small-classifier.ts'

const python = '/usr/bin/python3'
const has = (module: string): boolean => spawnSync(python, ['-c', `import ${module}`]).status === 0

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onnx-elsewhere-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function run(script: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(python, ['-c', script, ...args], { encoding: 'utf8' })
  expect(stderr + stdout, stderr).toBeTypeOf('string')
  expect(status, stderr).toBe(0)
  return stdout
}

describe.skipIf(!has('onnx'))('by the onnx package’s checker (skipped without python3-onnx)', () => {
  it.each([13, 17])('models of opset %i are valid', async (opset) => {
    for (const options of [
      {},
      { foldBatchNorm: false },
      { precision: 'float16' },
      { precision: 'int8' },
    ] as const) {
      const path = join(folder, 'model.onnx')
      await exportOnnx(smallClassifier(), { classes, preprocessing, path, opset, ...options })
      run('import onnx, sys; onnx.checker.check_model(sys.argv[1], full_check=True)', path)
    }
  })
})

describe.skipIf(!has('cv2'))('by OpenCV (skipped without python3-opencv)', () => {
  it('the logits are the same', async () => {
    const path = join(folder, 'opencv.onnx')
    const model = smallClassifier()
    await exportOnnx(model, { classes, preprocessing, path })
    const inputs = randomInputs()
    const script = [
      'import cv2, json, numpy, sys',
      'inputs = numpy.array(json.loads(sys.argv[2]), numpy.float32)',
      'net = cv2.dnn.readNetFromONNX(sys.argv[1])',
      'net.setInput(inputs)',
      'print(json.dumps(net.forward("logits").tolist()))',
    ].join('\n')
    const found = JSON.parse(run(script, path, JSON.stringify(inputs.toList()))) as number[][]
    const expected: Tensor = await predict(model, inputs)
    const flat = found.flat()
    expect(flat).toHaveLength(expected.size)
    flat.forEach((value, index) => {
      expect(Math.abs(value - Number(expected.data[index]))).toBeLessThan(1e-4)
    })
  })
})
