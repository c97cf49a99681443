import { ArgumentError, FileFormatError, OnnxFinetuneError } from '../core/errors.ts'
import { version } from '../core/version.ts'
import { checkPreprocessing, type Preprocessing } from '../vision/preprocessing.ts'

/** What belongs to a classifier's weights and should be kept with them. */
export interface WeightsInfo {
  /** Names of the classes, in the order of the logits. */
  readonly classes?: readonly string[] | undefined
  /** What is done to pictures. */
  readonly preprocessing?: Preprocessing | undefined
  /** The version of this library that wrote the file. */
  readonly libraryVersion?: string | undefined
}

const keys = {
  classes: 'classes',
  preprocessing: 'preprocessing',
  libraryVersion: 'onnx_finetune_version',
} as const

/**
 * Class names, preprocessing and this library's version as texts, for the metadata of a `.safetensors` file.
 *
 * @throws {@link ArgumentError} for class names or preprocessing that are none.
 *
 * @example
 * ```ts
 * import { models, readSafetensors, weightsInfo, weightsMetadata, writeSafetensors } from 'onnx-finetune'
 *
 * const model = await models.resnet18({ numClasses: 2 })
 * const { preprocessing } = models.ResNet18Weights.DEFAULT
 * const metadata = weightsMetadata({ classes: ['ants', 'bees'], preprocessing })
 * await writeSafetensors('best.safetensors', model.stateDict(), { metadata })
 *
 * const file = await readSafetensors('best.safetensors')
 * weightsInfo(file.metadata).classes    // ['ants', 'bees']
 * ```
 */
export function weightsMetadata({
  classes,
  preprocessing,
}: Pick<WeightsInfo, 'classes' | 'preprocessing'>): Record<string, string> {
  if (classes !== undefined && !isNames(classes)) {
    throw new ArgumentError(`classes must be a list of names, not ${JSON.stringify(classes)}`)
  }
  return {
    // What Hugging Face's own loaders ask for.
    format: 'pt',
    [keys.libraryVersion]: version,
    ...(classes && { [keys.classes]: JSON.stringify(classes) }),
    ...(preprocessing && { [keys.preprocessing]: JSON.stringify(checkPreprocessing(preprocessing, fail)) }),
  }
}

/**
 * What {@link weightsMetadata} wrote, from a file's metadata. What isn't there is left out: files of others have none.
 *
 * @throws {@link FileFormatError} where it is there and isn't what {@link weightsMetadata} writes.
 */
export function weightsInfo(metadata: Readonly<Record<string, string>>): WeightsInfo {
  const { [keys.classes]: classes, [keys.preprocessing]: preprocessing } = metadata
  const { [keys.libraryVersion]: libraryVersion } = metadata
  return {
    ...(classes !== undefined && { classes: parse(keys.classes, classes, checkClasses) }),
    ...(preprocessing !== undefined && {
      preprocessing: parse(keys.preprocessing, preprocessing, (value) => checkPreprocessing(value, fail)),
    }),
    ...(libraryVersion !== undefined && { libraryVersion }),
  }
}

function parse<T>(key: string, text: string, check: (value: unknown) => T): T {
  try {
    return check(JSON.parse(text))
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof OnnxFinetuneError)) throw cause
    throw new FileFormatError(
      `the metadata '${key}' can't be used: ${cause.message}. Read it as text: metadata.${key}`,
      { cause },
    )
  }
}

const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string')

function checkClasses(value: unknown): string[] {
  if (isNames(value)) return value
  throw new ArgumentError('it is no list of names')
}

function fail(what: string): never {
  throw new ArgumentError(what)
}
