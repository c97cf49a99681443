import type { Module } from '../nn/module.ts'
import type { Preprocessing } from '../vision/preprocessing.ts'
import type { TransformLike } from '../vision/transforms/transform.ts'

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
  // It brings protobuf along, which takes longer to load than all of the library.
  const { writeOnnx } = await import('./export-onnx-file.ts')
  return writeOnnx(module, options)
}
