import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { FileFormatError, FileSystemError } from '../../src/core/errors.ts'
import { exportOnnx } from '../../src/io/export-onnx.ts'
import { inspectFile } from '../../src/io/inspect.ts'
import { encodeSafetensors } from '../../src/io/safetensors-encode.ts'
import { classes, preprocessing, smallClassifier } from './small-classifier.ts'

const model = smallClassifier()
const state = model.stateDict()
const elements = [...state.values()].reduce((sum, { size }) => sum + size, 0)

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'inspect-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe('inspectFile', () => {
  it('tells what a .onnx file is', async () => {
    const path = join(folder, 'model.onnx')
    const options = {
      classes,
      preprocessing,
      path,
      precision: 'float16',
      metadata: { accuracy: '0.9' },
    } as const
    const { bytes } = await exportOnnx(model, options)
    const found = await inspectFile(path)
    expect(found).toMatchObject({ format: 'onnx', size: bytes.length, classes, preprocessing })
    expect(found.provenance.producer).toMatch(/^onnx-finetune \d/)
    expect(found.provenance.accuracy).toBe('0.9')
    expect(found.tensors.find(({ name }) => name === '3.weight')).toEqual({
      name: '3.weight',
      dtype: 'float16',
      shape: [32, 4, 3, 3],
    })
    expect(found.graph).toMatchObject({
      opsets: { '': 18 },
      isPreprocessingInGraph: false,
      externalFiles: [],
    })
    expect(found.graph!.inputs).toEqual([{ name: 'input', dtype: 'FLOAT', shape: ['N', 3, 16, 16] }])
    expect(found.graph!.outputs.map(({ name }) => name)).toEqual(['logits'])
  })

  it('tells what a .safetensors file is', async () => {
    const metadata = { made: 'by hand', classes: '["a","b"]' }
    const found = await inspectFile(encodeSafetensors(state, metadata))
    expect(found).toMatchObject({
      format: 'safetensors',
      elementCount: elements,
      provenance: { made: 'by hand' },
    })
    expect(found.classes).toEqual(['a', 'b'])
    expect(found.tensors.map(({ name, shape }) => [name, shape])).toEqual(
      Array.from(state, ([name, { shape }]) => [name, shape]),
    )
  })

  it('shows metadata of others as they are', async () => {
    const found = await inspectFile(encodeSafetensors(state, { classes: 'ants, bees' }))
    expect(found.classes).toBeUndefined()
    expect(found.provenance).toEqual({ classes: 'ants, bees' })
  })

  it('tells the element types of a .safetensors file as it has them', async () => {
    const header = JSON.stringify({ w: { dtype: 'BF16', shape: [2], data_offsets: [0, 4] } })
    const file = new Uint8Array(8 + header.length + 4)
    file[0] = header.length
    file.set(new TextEncoder().encode(header), 8)
    expect((await inspectFile(file)).tensors).toEqual([{ name: 'w', dtype: 'bfloat16', shape: [2] }])
  })

  it('tells what a .pth file is, nested or not', async () => {
    const found = await inspectFile('test/fixtures/io/protocol-4.pth')
    expect(found.format).toBe('pth')
    expect(found.tensors.length).toBeGreaterThan(0)
    for (const { name, dtype } of found.tensors)
      expect([name, dtype].every((text) => text.length > 0)).toBe(true)
  })

  it('refuses other files', async () => {
    const text = join(folder, 'text.onnx')
    writeFileSync(text, 'hello, I am no model')
    await expect(inspectFile(text)).rejects.toThrow(FileFormatError)
    await expect(inspectFile(text)).rejects.toThrow(
      /no \.pth and no \.safetensors file, and .*no whole \.onnx file/,
    )
    await expect(inspectFile(join(folder, 'none'))).rejects.toThrow(FileSystemError)
  })
})
