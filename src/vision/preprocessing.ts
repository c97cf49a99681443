import type { Interpolation } from './resize.ts'
import { CenterCrop } from './transforms/center-crop.ts'
import { Compose } from './transforms/compose.ts'
import { Normalize } from './transforms/normalize.ts'
import { Resize } from './transforms/resize.ts'
import { ToTensor } from './transforms/to-tensor.ts'

/**
 * What is done to a picture before a classifier sees it, as plain data that can be kept beside weights: torchvision's
 * `ImageClassification` preset.
 *
 * @see https://pytorch.org/vision/0.14/models.html#using-the-pre-trained-models
 */
export interface Preprocessing {
  /** The shorter edge after resizing, in pixels. */
  readonly resizeSize: number
  /** Height and width that are cut out of the middle, in pixels. */
  readonly cropSize: number
  /** Subtracted from each channel, whose values are 0 to 1. */
  readonly mean: readonly number[]
  /** Each channel is divided by it then. */
  readonly std: readonly number[]
  /** How pictures are resized; all but `nearest` are antialiased, as PIL's. Default: `bilinear`. */
  readonly interpolation?: Interpolation | undefined
}

/** The transform that does it: resize, crop the middle, to a tensor, normalize. */
export function preprocessingTransforms(preprocessing: Preprocessing): Compose {
  const { resizeSize, cropSize, mean, std, interpolation } = preprocessing
  return new Compose([
    new Resize(resizeSize, { interpolation }),
    new CenterCrop(cropSize),
    new ToTensor(),
    new Normalize(mean, std),
  ])
}

const interpolations: readonly unknown[] = ['nearest', 'bilinear', 'bicubic', 'lanczos']

/**
 * `value`, if it is such data: for what was read from a file.
 *
 * @param fail - Throws, with what is wrong.
 */
export function checkPreprocessing(value: unknown, fail: (what: string) => never): Preprocessing {
  const given = Object(value) as Partial<Record<keyof Preprocessing, unknown>>
  const { resizeSize, cropSize, mean, std, interpolation = 'bilinear' } = given
  if (
    isPixels(resizeSize) &&
    isPixels(cropSize) &&
    isNumbers(mean) &&
    isNumbers(std) &&
    mean.length === std.length &&
    !std.includes(0) &&
    interpolations.includes(interpolation)
  ) {
    return { resizeSize, cropSize, mean, std, interpolation: interpolation as Interpolation }
  }
  return fail(
    'preprocessing must be { resizeSize, cropSize, mean, std, interpolation? } with sizes in pixels up to ' +
      `${largestEdge}, as many means as stds other than 0, and one of ${interpolations.join(', ')}, not ${JSON.stringify(value)}`,
  )
}

/** A file may claim any size, and a picture of it would be allocated. */
const largestEdge = 16_384

const isPixels = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= largestEdge

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every(Number.isFinite)
