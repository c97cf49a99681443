import { joinPath, nextTurn, writeFile } from '#platform'
import { create } from '@bufbuild/protobuf'
import { StringStringEntryProtoSchema, type ModelProto } from 'onnx-buf'

import { ArgumentError, throwIfAborted } from '../core/errors.ts'
import { version } from '../core/version.ts'
import type { Module } from '../nn/module.ts'
import { describePreprocessing } from '../vision/describe-preprocessing.ts'
import type { Preprocessing } from '../vision/preprocessing.ts'
import type { ExportOnnxOptions, OnnxExport } from './export-onnx.ts'
import { inferenceModel } from './export-onnx-graph.ts'
import { foldBatchNorm } from './onnx-fold.ts'
import { halveWeights } from './onnx-half.ts'
import { quantizeWeights } from './onnx-int8.ts'
import { writeMetadata } from './onnx-metadata.ts'
import { checkOpset, opsets, setOpset } from './onnx-opset.ts'
import { checkInGraph, prependPreprocessing } from './onnx-preprocess.ts'
import { encodeModel, largestModel, moveWeightsOut } from './onnx-write.ts'

/** What `exportOnnx` does. */
export async function writeOnnx(module: Module, options: ExportOnnxOptions): Promise<OnnxExport> {
  const { path, signal, externalData, preprocessingInGraph = false, opset = opsets.own } = options
  const {
    precision = 'float32',
    classes,
    probabilities = preprocessingInGraph,
    dynamicBatch = true,
  } = options
  throwIfAborted(signal, 'the export')
  checkOpset(opset)
  checkOptions(options)
  const preprocessing = options.preprocessing && describePreprocessing(options.preprocessing)
  if (preprocessingInGraph) checkInGraph(needed(preprocessing), opset)
  const model = inferenceModel(module, {
    inputShape: inputShapeOf(options.inputShape, preprocessing),
    isBatchDynamic: dynamicBatch && !preprocessingInGraph,
    classes,
    hasProbabilities: probabilities,
  })
  await nextTurn()
  const graph = model.graph!
  if (options.foldBatchNorm ?? true) foldBatchNorm(graph)
  if (precision === 'float16') halveWeights(graph)
  if (precision === 'int8') quantizeWeights(graph)
  if (preprocessingInGraph) prependPreprocessing(graph, needed(preprocessing), 'input')
  setOpset(model, opset)
  describe(
    model,
    writeMetadata({ classes, preprocessing, isPreprocessingInGraph: preprocessingInGraph }, options.metadata),
  )
  await nextTurn()
  const files = await encode(model, path, externalData)
  throwIfAborted(signal, 'the export')
  if (path !== undefined) await write(path, files)
  return {
    ...files,
    totalBytes: files.bytes.length + (files.externalData?.bytes.length ?? 0),
    inputNames: graph.input.map(({ name }) => name),
    outputNames: graph.output.map(({ name }) => name),
  }
}

function checkOptions({ classes, probabilities, precision, externalData, path }: ExportOnnxOptions): void {
  if (classes?.some((name) => typeof name !== 'string') || new Set(classes).size !== (classes?.length ?? 0)) {
    throw new ArgumentError('classes must be names, each of them once: give one for each output of the model')
  }
  if (probabilities && !classes) throw new ArgumentError('probabilities needs classes: give their names')
  if (![undefined, 'float32', 'float16', 'int8'].includes(precision)) {
    throw new ArgumentError(`precision is '${String(precision)}', but must be 'float32', 'float16' or 'int8'`)
  }
  if (externalData && path === undefined) {
    throw new ArgumentError('externalData needs a path: the model names the file that its weights are in')
  }
}

function needed(preprocessing: Preprocessing | undefined): Preprocessing {
  if (preprocessing) return preprocessing
  throw new ArgumentError(
    'preprocessingInGraph needs preprocessing: give the transform of the validation data',
  )
}

function inputShapeOf(
  given: readonly number[] | undefined,
  preprocessing: Preprocessing | undefined,
): readonly number[] {
  if (given) return given
  if (preprocessing) return [3, preprocessing.cropSize, preprocessing.cropSize]
  throw new ArgumentError(
    'the size of the inputs is unknown: give inputShape, such as [3, 224, 224], or preprocessing',
  )
}

function describe(model: ModelProto, metadata: Readonly<Record<string, string>>): void {
  model.producerName = 'onnx-finetune'
  model.producerVersion = version
  model.metadataProps = Object.entries(metadata).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  )
}

type Files = Pick<OnnxExport, 'bytes' | 'externalData'>

async function encode(
  model: ModelProto,
  path: string | undefined,
  isExternal: boolean | undefined,
): Promise<Files> {
  const weights = model.graph!.initializer.reduce((sum, { rawData }) => sum + rawData.length, 0)
  // A megabyte is more than the nodes of any network take.
  const isLarge = weights > largestModel - (1 << 20)
  if (path === undefined || !(isExternal ?? isLarge)) return { bytes: await encodeModel(model) }
  const name = `${path.split(/[/\\]/).at(-1)!}.data`
  const data = await moveWeightsOut(model, name)
  return { bytes: await encodeModel(model), externalData: { name, bytes: data } }
}

/** The model last: until it is there, nothing names the weights. */
async function write(path: string, { bytes, externalData }: Files): Promise<void> {
  if (externalData) await writeFile(joinPath(path, '..', externalData.name), externalData.bytes)
  await writeFile(path, bytes)
}
