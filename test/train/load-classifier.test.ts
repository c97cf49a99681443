import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  type ModelProto,
} from 'onnx-buf'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import {
  AbortError,
  ArgumentError,
  FileFormatError,
  FileSystemError,
  ImageError,
  RuntimeError,
} from '../../src/core/errors.ts'
import { Generator } from '../../src/core/generator.ts'
import type { Tensor } from '../../src/core/tensor.ts'
import { exportOnnx } from '../../src/io/export-onnx.ts'
import { loadClassifier } from '../../src/train/load-classifier.ts'
import { predict } from '../../src/train/predict.ts'
import type { Prediction } from '../../src/train/predictor.ts'
import { encodePng } from '../../src/vision/encode.ts'
import { picture, type Picture } from '../../src/vision/picture.ts'
import { preprocessingTransforms } from '../../src/vision/preprocessing.ts'
import { classes, preprocessing, smallClassifier } from '../io/small-classifier.ts'

const model = smallClassifier()
const generator = new Generator(4)
const images = Array.from({ length: 5 }, (_, index) => noise(30 + index, 25 + 3 * index))
const inline = { engine: 'inline' } as const

function noise(height: number, width: number): Picture {
  const bytes = Uint8Array.from({ length: height * width * 3 }, () => generator.integer(0, 256))
  return picture(height, width, 3, bytes)
}

let folder: string
let path: string
let bytes: Uint8Array<ArrayBuffer>
let expected: number[][]
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'load-classifier-'))
  path = join(folder, 'model.onnx')
  bytes = (await exportOnnx(model, { classes, preprocessing, path })).bytes
  const transform = preprocessingTransforms(preprocessing)
  expected = []
  for (const image of images) {
    const input = (await transform.forward(image, generator)) as Tensor
    const [logits] = (await predict(model, input.reshape([1, ...input.shape]), inline)).toList() as number[][]
    const powers = logits!.map(Math.exp)
    expected.push(powers.map((power) => power / powers.reduce((a, b) => a + b)))
  }
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** That the predictions are right and sorted. */
function expectPredictions(
  predictions: readonly Prediction[],
  wanted: readonly number[],
  tolerance = 1e-5,
): void {
  const probabilities = predictions.map(({ probability }) => probability)
  expect(probabilities).toEqual([...probabilities].sort((a, b) => b - a))
  expect(predictions.map(({ index }) => index).sort()).toEqual(wanted.map((_, index) => index))
  for (const { label, index, probability } of predictions) {
    expect(label).toBe(classes[index])
    expect(Math.abs(probability - wanted[index]!)).toBeLessThan(tolerance)
  }
}

describe('loadClassifier', () => {
  it('needs nothing but the file, and predicts as the session does', async () => {
    await using classifier = await loadClassifier(path)
    expect(classifier.classes).toEqual(classes)
    expect(classifier.preprocessing).toMatchObject(preprocessing)
    expectPredictions(await classifier.predict(images[0]!), expected[0]!)
  })

  it('takes a path, bytes of a file, a Picture and ImageData', async () => {
    await using classifier = await loadClassifier(bytes, inline)
    const image = images[1]!
    const [height, width] = image.shape as [number, number]
    const png = encodePng(image)
    writeFileSync(join(folder, 'picture.png'), png)
    const data = Uint8ClampedArray.from({ length: width * height * 4 }, (_, at) =>
      at % 4 === 3 ? 255 : image.data[Math.floor(at / 4) * 3 + (at % 4)]!,
    )
    for (const given of [join(folder, 'picture.png'), png, image, { data, width, height }]) {
      expectPredictions(await classifier.predict(given), expected[1]!)
    }
  })

  it('takes grey pictures as three equal channels', async () => {
    await using classifier = await loadClassifier(bytes, inline)
    const grey = Uint8Array.from({ length: 400 }, (_, at) => at % 251)
    const colour = Uint8Array.from({ length: 1200 }, (_, at) => grey[Math.floor(at / 3)]!)
    const predictions = await classifier.predict(picture(20, 20, 1, grey))
    expect(predictions).toEqual(await classifier.predict(picture(20, 20, 3, colour)))
  })

  it('predicts several pictures in their order, in runs of any size', async () => {
    await using classifier = await loadClassifier(bytes, inline)
    for (const batchSize of [1, 2, 16]) {
      const predictions = await classifier.predictBatch(images, { batchSize })
      expect(predictions).toHaveLength(images.length)
      predictions.forEach((prediction, index) => {
        expectPredictions(prediction, expected[index]!)
      })
    }
    expect(await classifier.predictBatch([])).toEqual([])
  })

  it.each([
    ['a batch of one', { dynamicBatch: false }, 1e-5],
    ['softmax in the graph', { probabilities: true }, 1e-5],
    ['float16 weights', { precision: 'float16' }, 2e-3],
    ['int8 weights', { precision: 'int8' }, 0.05],
    ['preprocessing in the graph', { preprocessingInGraph: true }, 0.02],
  ] as const)('runs a model with %s', async (_, options, tolerance) => {
    const exported = await exportOnnx(model, { classes, preprocessing, ...options })
    await using classifier = await loadClassifier(exported.bytes, inline)
    const predictions = await classifier.predictBatch(images)
    predictions.forEach((prediction, index) => {
      expectPredictions(prediction, expected[index]!, tolerance)
    })
  })

  it('reads weights from beside the model, or takes their bytes', async () => {
    const apart = join(folder, 'apart.onnx')
    const { externalData, ...exported } = await exportOnnx(model, {
      classes,
      preprocessing,
      path: apart,
      externalData: true,
    })
    await using fromPath = await loadClassifier(apart)
    expectPredictions(await fromPath.predict(images[0]!), expected[0]!)
    const given = { [externalData!.name]: externalData!.bytes }
    await using fromBytes = await loadClassifier(exported.bytes, { ...inline, externalData: given })
    expectPredictions(await fromBytes.predict(images[0]!), expected[0]!)
    await expect(loadClassifier(exported.bytes)).rejects.toThrow(/externalData: \{ 'apart.onnx.data'/)
    const cut = { [externalData!.name]: externalData!.bytes.slice(0, 100) }
    await expect(loadClassifier(exported.bytes, { externalData: cut })).rejects.toThrow(/too short/)
  })

  it('gives the top k, warms up, and closes', async () => {
    const classifier = await loadClassifier(bytes, { warmUp: true })
    const predictions = await classifier.predict(images[0]!, { topK: 2 })
    expect(predictions).toHaveLength(2)
    expect(predictions[0]!.probability).toBeCloseTo(Math.max(...expected[0]!), 5)
    await expect(classifier.predict(images[0]!, { topK: 0 })).rejects.toThrow(ArgumentError)
    await classifier.close()
    await classifier.close()
    await expect(classifier.predict(images[0]!)).rejects.toThrow(RuntimeError)
  })

  it('leaves the caller’s bytes alone', async () => {
    const before = bytes.slice()
    await using classifier = await loadClassifier(bytes)
    expectPredictions(await classifier.predict(images[0]!), expected[0]!)
    expect(bytes).toEqual(before)
  })

  it('says what is wrong with a picture', async () => {
    await using classifier = await loadClassifier(bytes, inline)
    await expect(classifier.predict(new Uint8Array([1, 2, 3]))).rejects.toThrow(ImageError)
    await expect(classifier.predict(join(folder, 'none.png'))).rejects.toThrow(FileSystemError)
    await expect(classifier.predict(42 as never)).rejects.toThrow(ArgumentError)
    await expect(classifier.predict({ data: new Uint8Array(5), width: 2, height: 2 })).rejects.toThrow(
      /16 bytes/,
    )
    const signal = AbortSignal.abort()
    await expect(classifier.predict(images[0]!, { signal })).rejects.toThrow(AbortError)
  })
})

/** The model's file, changed. */
function changed(change: (model: ModelProto) => void): Uint8Array {
  const message = fromBinary(ModelProtoSchema, bytes)
  change(message)
  return toBinary(ModelProtoSchema, message)
}

describe('a file that is no classifier of ours', () => {
  it('works with classes and preprocessing given', async () => {
    const bare = changed((message) => {
      message.metadataProps = []
    })
    const refused = loadClassifier(bare)
    await expect(refused).rejects.toThrow(FileFormatError)
    await expect(refused).rejects.toThrow(/no class names or preprocessing.*\{ classes, preprocessing \}/)
    await expect(loadClassifier(bare, { classes })).rejects.toThrow(/no preprocessing/)
    await using classifier = await loadClassifier(bare, { classes, preprocessing, ...inline })
    expectPredictions(await classifier.predict(images[0]!), expected[0]!)
  })

  it.each<[string, () => Uint8Array, RegExp]>([
    ['is empty', () => new Uint8Array(), /it is empty/],
    ['is cut off', () => bytes.slice(0, 1000), /it ends within a field/],
    ['is a text', () => new TextEncoder().encode('hello, here is no model at all'), /is no whole .onnx file/],
    ['is a picture', () => encodePng(picture(9, 9, 3)), /is no whole .onnx file/],
    [
      'has metadata of others under our names',
      () =>
        changed(({ metadataProps }) => {
          metadataProps.find(({ key }) => key === 'classes')!.value = 'ants, bees'
        }),
      /metadata can't be used/,
    ],
    [
      'wants other inputs',
      () =>
        changed(({ graph }) => {
          graph!.input.push(graph!.input[0]!)
        }),
      /has the inputs input FLOAT \[N, 3, 16, 16\], input .*expected one/,
    ],
    [
      'has other outputs',
      () =>
        changed(({ metadataProps }) => {
          metadataProps.find(({ key }) => key === 'classes')!.value = '["ants"]'
        }),
      /has the outputs logits FLOAT \[N, 3\]; expected float32 \[N, 1\]/,
    ],
    [
      'has weights of another size',
      () =>
        changed(({ graph }) => {
          graph!.initializer[0]!.dims[0] = 7n
        }),
      /needs \d+ bytes, but has \d+/,
    ],
    [
      'reads its weights from elsewhere',
      () =>
        changed(({ graph }) => {
          const tensor = graph!.initializer[0]!
          tensor.rawData = new Uint8Array()
          tensor.dataLocation = TensorProto_DataLocation.EXTERNAL
          const place = { key: 'location', value: '../../etc/passwd' }
          tensor.externalData = [create(StringStringEntryProtoSchema, place)]
        }),
      /lies in "\.\.\/\.\.\/etc\/passwd", which is no plain file name, and is refused/,
    ],
  ])('is refused where it %s', async (_, make, message) => {
    const loading = loadClassifier(make())
    await expect(loading).rejects.toThrow(FileFormatError)
    await expect(loading).rejects.toThrow(message)
  })

  it('is refused with ONNX Runtime’s own words where it can’t be run', async () => {
    const wrong = changed(({ graph }) => {
      graph!.node[0]!.opType = 'NoSuchOperator'
    })
    const loading = loadClassifier(wrong)
    await expect(loading).rejects.toThrow(RuntimeError)
    await expect(loading).rejects.toThrow(/NoSuchOperator/)
    await expect(loadClassifier(7 as never)).rejects.toThrow(ArgumentError)
    await expect(loadClassifier(join(folder, 'none.onnx'))).rejects.toThrow(FileSystemError)
  })
})
