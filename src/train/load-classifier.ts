import { joinPath, readFile } from '#platform'

import { ArgumentError, FileFormatError, throwIfAborted } from '../core/errors.ts'
import { bytesOfInput, nameOfInput } from '../io/file-input.ts'
import { classifierOf } from '../io/onnx-classifier.ts'
import type { OnnxSummary } from '../io/onnx-read.ts'
import { Inference, type InferenceOptions } from '../runtime/inference.ts'
import { describePreprocessing } from '../vision/describe-preprocessing.ts'
import type { Preprocessing } from '../vision/preprocessing.ts'
import type { TransformLike } from '../vision/transforms/transform.ts'
import { Predictor } from './predictor.ts'

/** Options of {@link loadClassifier}. */
export interface LoadClassifierOptions extends InferenceOptions {
  /** Names of the classes, in the order of the outputs. Default: those in the file. */
  readonly classes?: readonly string[] | undefined
  /** What is done to pictures. Default: what the file says. */
  readonly preprocessing?: Preprocessing | TransformLike | undefined
  /** Bytes of the files that lie beside the model, by their names. Default: they are read from the model's folder. */
  readonly externalData?: Readonly<Record<string, Uint8Array>> | undefined
  /** Whether the model is run once on a blank picture, so that the first prediction is as fast as later ones. Default: false. */
  readonly warmUp?: boolean | undefined
  /** Stops the loading. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Loads a classifier of pictures from a `.onnx` file. One that {@link exportOnnx} wrote with classes and preprocessing
 * needs nothing else; for others give `{ classes, preprocessing }`.
 *
 * @param file - A path (in a page a URL, too), a `File` or the file's bytes.
 * @throws {@link FileFormatError} if it is no `.onnx` file, is damaged, no classifier of pictures, or lacks classes or
 * preprocessing.
 * @throws {@link FileSystemError} if it can't be read.
 * @throws {@link RuntimeError} where the device is missing, or ONNX Runtime refuses the model.
 *
 * @example
 * ```ts
 * import { loadClassifier } from 'onnx-finetune'
 *
 * await using classifier = await loadClassifier('model.onnx')
 * for (const { label, probability } of await classifier.predict('bee.jpg', { topK: 3 })) {
 *   console.log(label, probability)
 * }
 * ```
 */
export async function loadClassifier(
  file: string | Uint8Array | Blob,
  options: LoadClassifierOptions = {},
): Promise<Predictor> {
  const { classes, signal } = options
  const source = nameOfInput(file, 'the .onnx file')
  throwIfAborted(signal, `loading ${source}`)
  checkFile(file)
  const bytes = await bytesOfInput(file, source, signal)
  const { readOnnx } = await import('../io/onnx-read.ts')
  const summary = readOnnx(bytes, source)
  const preprocessing = options.preprocessing && describePreprocessing(options.preprocessing)
  const spec = classifierOf(summary, { classes, preprocessing }, source)
  const folder = typeof file === 'string' ? joinPath(file, '..') : undefined
  const files = await readExternal(summary, folder, options, source)
  throwIfAborted(signal, `loading ${source}`)
  // The engine takes the memory: bytes that the caller keeps are copied.
  const model = file instanceof Uint8Array ? new Uint8Array(bytes) : (bytes as Uint8Array<ArrayBuffer>)
  const inference = await Inference.start({ model, files, outputNames: [spec.outputName] }, options)
  const predictor = new Predictor(spec, inference)
  if (options.warmUp) await predictor.warmUp()
  return predictor
}

function checkFile(file: unknown): void {
  if (typeof file === 'string' || file instanceof Uint8Array || file instanceof Blob) return
  throw new ArgumentError(
    `loadClassifier takes a path, a File or the bytes of a .onnx file, not ${String(file)}`,
  )
}

/** The files with weights beside the model; every weight must lie wholly in its file. */
async function readExternal(
  { externalFiles, weights }: OnnxSummary,
  folder: string | undefined,
  { externalData = {}, signal }: LoadClassifierOptions,
  source: string,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>()
  for (const name of externalFiles) {
    const given = Object.hasOwn(externalData, name) ? externalData[name] : undefined
    if (!given && folder === undefined) {
      throw new FileFormatError(
        `${source} has its weights in a file of their own: give its bytes, { externalData: { '${name}': bytes } }, or the path`,
      )
    }
    files.set(name, given ? new Uint8Array(given) : await readFile(joinPath(folder!, name), signal))
  }
  for (const { name, external } of weights) {
    if (!external || external.offset + external.length <= files.get(external.location)!.length) continue
    throw new FileFormatError(
      `${external.location} is too short for ${source}: it ends before the weights of '${name}'. Export both again.`,
    )
  }
  return files
}
