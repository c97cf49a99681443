import { FileFormatError } from '../core/errors.ts'
import { formatShape } from '../core/shape.ts'
import type { Preprocessing } from '../vision/preprocessing.ts'
import { readMetadata } from './onnx-metadata.ts'
import type { OnnxSummary, OnnxValue } from './onnx-read.ts'

/** How a classifier's `.onnx` file is used. */
export interface OnnxClassifier {
  readonly classes: readonly string[]
  readonly preprocessing: Preprocessing
  /** `tensor`: float32 `[N, 3, H, W]`, preprocessed; `picture`: uint8 `[H, W, 3]`, as it is. */
  readonly inputKind: 'tensor' | 'picture'
  readonly inputName: string
  readonly outputName: string
  /** Whether the output needs a softmax. */
  readonly isLogits: boolean
  /** Whether a run takes any number of pictures. */
  readonly isBatchDynamic: boolean
}

/** What the caller knows of a file that doesn't say it. */
export interface ClassifierHints {
  readonly classes?: readonly string[] | undefined
  readonly preprocessing?: Preprocessing | undefined
}

/**
 * How to use a classifier, from what its file says and the hints, which come first.
 *
 * @param source - What to call the file in messages.
 * @throws {@link FileFormatError} naming what is missing, and the remedy.
 */
export function classifierOf(summary: OnnxSummary, hints: ClassifierHints, source: string): OnnxClassifier {
  const hasHints = hints.classes !== undefined && hints.preprocessing !== undefined
  const info = hasHints ? undefined : readMetadata(summary.metadata, source)
  const classes = hints.classes ?? info?.classes
  const preprocessing = hints.preprocessing ?? info?.preprocessing
  if (!classes || !preprocessing) {
    const missing = [...(classes ? [] : ['class names']), ...(preprocessing ? [] : ['preprocessing'])].join(
      ' or ',
    )
    throw new FileFormatError(
      `${source} has no ${missing} in its metadata: it was not exported as a classifier by exportOnnx. Export it with ` +
        '{ classes, preprocessing }, or pass them here: loadClassifier(file, { classes, preprocessing }).',
    )
  }
  const input = inputOf(summary, preprocessing, source)
  return { classes, preprocessing, ...input, ...outputOf(summary, classes, source) }
}

function inputOf({ inputs }: OnnxSummary, { cropSize }: Preprocessing, source: string) {
  const [input, ...others] = inputs
  const shape = input?.shape
  const isPicture = input?.dtype === 'UINT8' && fits(shape, [undefined, undefined, 3])
  const isTensor = input?.dtype === 'FLOAT' && fits(shape, [undefined, 3, cropSize, cropSize])
  if (!input || others.length > 0 || (!isPicture && !isTensor)) {
    throw new FileFormatError(
      `${source} has the inputs ${listed(inputs)}; expected one, float32 [N, 3, ${cropSize}, ${cropSize}] or uint8 ` +
        '[height, width, 3]. Export a classifier of pictures, with the preprocessing that it was trained with.',
    )
  }
  const batch = shape?.[0]
  return {
    inputName: input.name,
    inputKind: isPicture ? ('picture' as const) : ('tensor' as const),
    isBatchDynamic: isTensor && typeof batch !== 'number',
  }
}

function outputOf({ outputs, outputOperators }: OnnxSummary, classes: readonly string[], source: string) {
  const output = outputs.find(({ name }) => name === 'logits') ?? outputs[0]
  if (output?.dtype !== 'FLOAT' || !fits(output.shape, [undefined, classes.length])) {
    throw new FileFormatError(
      `${source} has the outputs ${listed(outputs)}; expected float32 [N, ${classes.length}] for its ${classes.length} ` +
        'classes. Give one name for each output of a classifier.',
    )
  }
  return { outputName: output.name, isLogits: outputOperators.get(output.name) !== 'Softmax' }
}

/** Whether a shape can be `expected`, of which `undefined` is any size; unknown sizes can be any. */
function fits(shape: OnnxValue['shape'], expected: readonly (number | undefined)[]): boolean {
  if (!shape) return true
  if (shape.length !== expected.length) return false
  return shape.every((size, axis) => {
    const wanted = expected[axis]
    return wanted === undefined || typeof size === 'string' || size === wanted
  })
}

function listed(values: readonly OnnxValue[]): string {
  if (values.length === 0) return '(none)'
  const shown = values
    .slice(0, 5)
    .map(({ name, dtype, shape }) => `${name} ${dtype} ${formatShape(shape ?? ['?'])}`)
  return shown.join(', ').slice(0, 500)
}
