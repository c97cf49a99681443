import { joinPath, nextTurn, writeFile } from '#platform'
import { create } from '@bufbuild/protobuf'
import { StringStringEntryProtoSchema, type ModelProto } from 'onnx-buf'

import { ArgumentError, throwIfAborted } from '../core/errors.ts'
import { version } from '../core/version.ts'
import type { Module } from '../nn/module.ts'
import { describePreprocessing } from '../vision/describe-preprocessing.ts'
import type { Preprocessing } from '../vision/preprocessing.ts'
import type { TransformLike } from '../vision/transforms/transform.ts'
import { inferenceModel } from './export-onnx-graph.ts'
import { foldBatchNorm } from './onnx-fold.ts'
import { halveWeights } from './onnx-half.ts'
import { quantizeWeights } from './onnx-int8.ts'
import { writeMetadata } from './onnx-metadata.ts'
import { checkOpset, opsets, setOpset } from './onnx-opset.ts'
import { checkInGraph, prependPreprocessing } from './onnx-preprocess.ts'
import { encodeModel, largestModel, moveWeightsOut } from './onnx-write.ts'

/** Options of {@link exportOnnx}. */
export interface ExportOnnxOptions {
  /** The file to write, `model.onnx`; it appears whole or not at all. Default: the bytes are only returned. */
  readonly path?: string | undefined
  /** Names of the classes, in the order of the outputs. Default: none, for what is no classifier or isn't loaded by name. */
  readonly classes?: readonly string[] | undefined
  /** The transform of the validation data, or its description: kept in the file. Default: none. */
  readonly preprocessing?: Preprocessing | TransformLike | undefined
  /**
   * Makes the preprocessing part of the graph: its input is then `image`, uint8 `[height, width, 3]` of any size, one
   * picture a run. Needs opset 18. Default: false, and the input is `input`, float32 `[N, …inputShape]`.
   */
  readonly preprocessingInGraph?: boolean | undefined
  /** Sizes of one input without the batch. Default: 3 channels of what `preprocessing` gives. */
  readonly inputShape?: readonly number[] | undefined
  /** Whether the output `probabilities`, the softmax of the `logits`, is there too. Default: as `preprocessingInGraph`. */
  readonly probabilities?: boolean | undefined
  /** Whether a run takes any number of inputs, or just one. Default: true. */
  readonly dynamicBatch?: boolean | undefined
  /** ONNX's operator set, 13 to 22. Default: 18. */
  readonly opset?: number | undefined
  /**
   * What weights are stored as. `'float16'`: half the file, computed in float32. `'int8'`: a quarter of it, products computed in
   * integers; less exact, see {@link exportOnnx}. Default: `'float32'`.
   */
  readonly precision?: 'float32' | 'float16' | 'int8' | undefined
  /** Whether BatchNorm becomes part of the convolution before it: fewer nodes, the same results but for rounding. Default: true. */
  readonly foldBatchNorm?: boolean | undefined
  /** Whether the weights go to a file of their own, `model.onnx.data`. Default: only where the model has more than 2 GB. */
  readonly externalData?: boolean | undefined
  /** Further texts to keep in the file. Default: none. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** Stops the export; a file that was there stays. */
  readonly signal?: AbortSignal | undefined
}

/** What {@link exportOnnx} made. */
export interface OnnxExport {
  /** The `.onnx` file. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The file with the weights, which must lie beside it under this name. */
  readonly externalData?: { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined
  /** Of both files. */
  readonly totalBytes: number
  /** `['input']` or `['image']`. */
  readonly inputNames: readonly string[]
  /** `['logits']`, and `'probabilities'` where asked for; `['output']` without classes. */
  readonly outputNames: readonly string[]
}

/**
 * A module as an ONNX model for inference, in evaluation mode, with its weights as constants. The module isn't changed.
 * With classes and preprocessing in it, the file is all that {@link loadClassifier} needs.
 *
 * The file's metadata: `classes` (JSON, a list of names), `preprocessing` (JSON, a {@link Preprocessing}) and
 * `preprocessing_in_graph` (`true` or `false`), and those given.
 *
 * With `precision: 'int8'`, weights of convolutions and linear layers have 7 bits and a scale for each output channel, and
 * their inputs are quantised to uint8 by the range of the whole batch. Evaluate such a model before you use it.
 *
 * @throws {@link ArgumentError} for options that don't fit together or the model.
 * @throws {@link GraphError} for an operator that the operator set has not.
 * @throws {@link FileSystemError} if it can't be written.
 * @throws {@link AbortError} when `signal` aborts.
 *
 * @example
 * ```ts
 * import { exportOnnx, models } from 'onnx-finetune'
 *
 * const model = await models.resnet18({ numClasses: 2 })
 * const preprocessing = { resizeSize: 256, cropSize: 224, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
 * await exportOnnx(model, { path: 'model.onnx', classes: ['ants', 'bees'], preprocessing })
 * ```
 */
export async function exportOnnx(module: Module, options: ExportOnnxOptions = {}): Promise<OnnxExport> {
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
