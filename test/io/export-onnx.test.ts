import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { fromBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import * as node from 'onnxruntime-node'
import * as web from 'onnxruntime-web'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { ArgumentError, FileSystemError, GraphError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { version } from '../../src/core/version.ts'
import { exportOnnx, type ExportOnnxOptions } from '../../src/io/export-onnx.ts'
import { readMetadata } from '../../src/io/onnx-metadata.ts'
import { readOnnx } from '../../src/io/onnx-read.ts'
import { LayerNorm } from '../../src/nn/layer-norm.ts'
import { Dropout, Sequential } from '../../src/nn/layers.ts'
import { Linear } from '../../src/nn/linear.ts'
import { Module } from '../../src/nn/module.ts'
import * as ops from '../../src/ops/ops.ts'
import type { Value } from '../../src/graph/graph.ts'
import { predict } from '../../src/train/predict.ts'
import { classes, preprocessing, randomInputs, smallClassifier } from './small-classifier.ts'

const model = smallClassifier()
const inputs = randomInputs()
const described = { classes, preprocessing }
let expected: Tensor
let folder: string
beforeAll(async () => {
  expected = await predict(model, inputs)
  folder = mkdtempSync(join(tmpdir(), 'export-onnx-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

async function logitsOf(
  file: string | Uint8Array,
  runtime: typeof node | typeof web = node,
  x = inputs,
): Promise<Tensor> {
  const session = await (runtime as typeof node).InferenceSession.create(file as string)
  const results = await session.run({
    input: new runtime.Tensor('float32', x.data as Float32Array, x.shape),
  })
  await session.release()
  const { data, dims } = Object.values(results)[0]!
  return new Tensor('float32', data as Float32Array<ArrayBuffer>, [...dims])
}

/** The largest difference of any two numbers. */
function distance(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape)
  return Math.max(
    ...Array.from(a.data, Number).map((value, index) => Math.abs(value - Number(b.data[index]))),
  )
}

describe('exportOnnx', () => {
  it.each([
    ['onnxruntime-node', node],
    ['onnxruntime-web, in WebAssembly', web],
  ])('writes a model that %s runs with the session’s results', async (_, runtime) => {
    const { bytes } = await exportOnnx(model, described)
    expect(distance(await logitsOf(bytes, runtime), expected)).toBeLessThan(1e-5)
  })

  it.each([13, 14, 17, 18, 20, 22])('writes opset %i', async (opset) => {
    const { bytes } = await exportOnnx(model, { ...described, opset })
    expect(readOnnx(bytes).opsets).toEqual(new Map([['', opset]]))
    expect(distance(await logitsOf(bytes), expected)).toBeLessThan(1e-5)
  })

  it('folds BatchNorm unless told otherwise', async () => {
    const folded = await exportOnnx(model, described)
    const whole = await exportOnnx(model, { ...described, foldBatchNorm: false })
    const operators = (bytes: Uint8Array) =>
      fromBinary(ModelProtoSchema, bytes).graph!.node.map(({ opType }) => opType)
    expect(operators(whole.bytes).filter((type) => type === 'BatchNormalization')).toHaveLength(2)
    expect(operators(folded.bytes)).not.toContain('BatchNormalization')
    expect(distance(await logitsOf(whole.bytes), expected)).toBeLessThan(1e-5)
  })

  it('keeps a BatchNorm whose convolution is read elsewhere, too', async () => {
    class Twice extends Module {
      readonly first = smallClassifier()
      forward(x: Value): Value {
        const [conv, norm] = [...this.first.namedChildren()].map(([, child]) => child)
        const y = conv!.call(x)
        return ops.flatten(ops.add(y, norm!.call(y)))
      }
    }
    const twice = new Twice()
    const { bytes, outputNames } = await exportOnnx(twice, { inputShape: [3, 16, 16] })
    expect(outputNames).toEqual(['output'])
    expect(distance(await logitsOf(bytes), await predict(twice, inputs))).toBeLessThan(1e-5)
  })

  it('takes any batch, or one picture', async () => {
    const five = randomInputs([5, 3, 16, 16])
    const dynamic = await exportOnnx(model, described)
    expect(readOnnx(dynamic.bytes).inputs[0]!.shape).toEqual(['N', 3, 16, 16])
    expect((await logitsOf(dynamic.bytes, node, five)).shape).toEqual([5, 3])
    const fixed = await exportOnnx(model, { ...described, dynamicBatch: false })
    expect(readOnnx(fixed.bytes).inputs[0]!.shape).toEqual([1, 3, 16, 16])
    await expect(logitsOf(fixed.bytes, node, five)).rejects.toThrow()
  })

  it('says what it is in its metadata', async () => {
    const { bytes } = await exportOnnx(model, { ...described, metadata: { accuracy: '0.95' } })
    const { producerName, producerVersion, metadata } = readOnnx(bytes)
    expect([producerName, producerVersion]).toEqual(['onnx-finetune', version])
    expect(metadata.get('accuracy')).toBe('0.95')
    expect(readMetadata(metadata, 'it')).toMatchObject({
      classes,
      preprocessing,
      isPreprocessingInGraph: false,
    })
  })

  it('names its weights as the state dict does, and is as large as they are', async () => {
    const { bytes, totalBytes } = await exportOnnx(model, { ...described, foldBatchNorm: false })
    const state = model.stateDict()
    const { weights } = readOnnx(bytes)
    const known = weights.filter(({ name }) => state.has(name))
    expect(known).toHaveLength([...state.keys()].filter((key) => !key.endsWith('num_batches_tracked')).length)
    for (const { name, shape } of known) expect(shape).toEqual(state.get(name)!.shape)
    const weightBytes = [...state.values()].reduce((sum, { data }) => sum + data.byteLength, 0)
    expect(totalBytes).toBe(bytes.length)
    expect(bytes.length).toBeLessThan(weightBytes + 4000)
  })

  it('is in evaluation mode, and leaves the module as it was', async () => {
    const module = new Sequential(new Linear(4, 3), new Dropout(0.5))
    const x = randomInputs([2, 4])
    const { bytes } = await exportOnnx(module, { inputShape: [4], classes })
    expect(module.training && [...module.namedModules()].every(([, child]) => child.training)).toBe(true)
    expect(distance(await logitsOf(bytes, node, x), await predict(module, x))).toBeLessThan(1e-6)
  })

  it('computes the size of the batch itself, where the graph needs it', async () => {
    class PerSample extends Module {
      forward(x: Value): Value {
        return ops.div(x, x.graph.symbol('N'))
      }
    }
    const { bytes, inputNames } = await exportOnnx(new PerSample(), { inputShape: [2], opset: 13 })
    expect(inputNames).toEqual(['input'])
    const result = await logitsOf(
      bytes,
      node,
      Tensor.from([
        [4, 8],
        [2, 6],
        [0, 1],
        [1, 1],
      ]),
    )
    expect(result.toList()).toEqual([
      [1, 2],
      [0.5, 1.5],
      [0, 0.25],
      [0.25, 0.25],
    ])
  })

  it('stores float16 weights in half the bytes', async () => {
    const wide = new Sequential(new Linear(64, 256), new Linear(256, 3))
    const x = randomInputs([4, 64])
    const full = await exportOnnx(wide, { inputShape: [64], classes })
    const half = await exportOnnx(wide, { inputShape: [64], classes, precision: 'float16' })
    expect(half.totalBytes / full.totalBytes).toBeLessThan(0.55)
    const want = await predict(wide, x)
    expect(distance(await logitsOf(half.bytes, node, x), want)).toBeLessThan(2e-3)
    expect(distance(await logitsOf(half.bytes, web, x), want)).toBeLessThan(2e-3)
  })

  it('quantises to int8, and agrees on the class', async () => {
    const { bytes } = await exportOnnx(model, { ...described, precision: 'int8' })
    const many = randomInputs([32, 3, 16, 16])
    const [exact, rough, inWeb] = [
      await predict(model, many),
      await logitsOf(bytes, node, many),
      await logitsOf(bytes, web, many),
    ]
    const size = Math.max(...Array.from(exact.data, Number).map(Math.abs))
    expect(distance(rough, exact) / size).toBeLessThan(0.05)
    expect(distance(inWeb, rough) / size).toBeLessThan(0.02)
    expect(readOnnx(bytes).weights.filter(({ dtype }) => dtype === 'INT8')).toHaveLength(3)
  })

  it('quantises matrix products without a bias, and of more dimensions', async () => {
    const module = new Sequential(new Linear(8, 16, { bias: false }), new Linear(16, 3))
    const x = randomInputs([2, 5, 8])
    const { bytes } = await exportOnnx(module, { inputShape: [5, 8], precision: 'int8' })
    expect(distance(await logitsOf(bytes, node, x), await predict(module, x))).toBeLessThan(0.05)
  })

  it('puts the weights beside the model on request, aligned to pages', async () => {
    const path = join(folder, 'apart.onnx')
    const { externalData, bytes, totalBytes } = await exportOnnx(model, {
      ...described,
      path,
      externalData: true,
    })
    expect(externalData!.name).toBe('apart.onnx.data')
    expect(readFileSync(join(folder, 'apart.onnx.data'))).toEqual(Buffer.from(externalData!.bytes))
    expect(totalBytes).toBe(bytes.length + externalData!.bytes.length)
    const places = readOnnx(readFileSync(path)).weights.flatMap(({ external }) => external ?? [])
    expect(places.length).toBeGreaterThan(0)
    expect(places.every(({ offset }) => offset % 4096 === 0)).toBe(true)
    expect(distance(await logitsOf(path), expected)).toBeLessThan(1e-5)
  })

  it('writes nothing where it fails', async () => {
    const before = readdirSync(folder)
    await expect(exportOnnx(model, { ...described, path: join(folder, 'no', 'm.onnx') })).rejects.toThrow(
      FileSystemError,
    )
    const signal = AbortSignal.abort()
    await expect(exportOnnx(model, { ...described, path: join(folder, 'm.onnx'), signal })).rejects.toThrow(
      'aborted',
    )
    expect(readdirSync(folder)).toEqual(before)
  })

  it.each<[string, ExportOnnxOptions, RegExp]>([
    ['an opset too old', { opset: 12 }, /opset 12.*13 to 22/],
    ['an opset too new', { opset: 23 }, /opset 23.*13 to 22/],
    ['too few classes', { classes: ['ants'] }, /1 classes.*\[N, 3\]/],
    ['a class twice', { classes: ['ants', 'bees', 'ants'] }, /each of them once/],
    ['an unknown precision', { precision: 'int4' as never }, /'float32', 'float16' or 'int8'/],
    ['external data without a path', { externalData: true }, /needs a path/],
    ['metadata of ours', { metadata: { classes: '[]' } }, /keeps for itself/],
    [
      'preprocessing in the graph in an old opset',
      { preprocessingInGraph: true, opset: 17 },
      /needs opset 18/,
    ],
    [
      'a filter that ONNX has not',
      { preprocessingInGraph: true, preprocessing: { ...preprocessing, interpolation: 'lanczos' } },
      /no lanczos/,
    ],
    [
      'a crop larger than the picture',
      { preprocessingInGraph: true, preprocessing: { ...preprocessing, resizeSize: 15 } },
      /crop of 16 is larger than the resized 15/,
    ],
  ])('refuses %s', async (_, options, message) => {
    const exported = exportOnnx(model, { ...described, ...options })
    await expect(exported).rejects.toThrow(ArgumentError)
    await expect(exported).rejects.toThrow(message)
  })

  it('says what is missing', async () => {
    await expect(exportOnnx(model)).rejects.toThrow(/give inputShape/)
    await expect(exportOnnx(model, { preprocessingInGraph: true })).rejects.toThrow(/needs preprocessing/)
    const options = { inputShape: [3, 16, 16], probabilities: true }
    await expect(exportOnnx(model, options)).rejects.toThrow(/probabilities needs classes/)
  })

  it('names the operator that an opset has not', async () => {
    const norm = new Sequential(new LayerNorm([4]))
    const old = exportOnnx(norm, { inputShape: [4], opset: 16 })
    await expect(old).rejects.toThrow(GraphError)
    await expect(old).rejects.toThrow(/LayerNormalization .*needs opset 17/)
    await expect(exportOnnx(norm, { inputShape: [4], opset: 17 })).resolves.toBeDefined()
  })
})
