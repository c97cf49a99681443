import { ArgumentError } from '../core/errors.ts'
import { checkPreprocessing, type Preprocessing } from './preprocessing.ts'
import { CenterCrop } from './transforms/center-crop.ts'
import { Compose } from './transforms/compose.ts'
import { Normalize } from './transforms/normalize.ts'
import { Resize } from './transforms/resize.ts'
import { ToTensor } from './transforms/to-tensor.ts'
import type { TransformLike } from './transforms/transform.ts'

/**
 * The description of a transform, where it is `Resize` (one number), `CenterCrop` (a square), `ToTensor` and perhaps
 * `Normalize`, in this order: what validation uses. A description is checked and given back.
 *
 * @throws {@link ArgumentError} naming the step that can't be described, such as a random one.
 */
export function describePreprocessing(given: Preprocessing | TransformLike): Preprocessing {
  if (!isTransform(given)) return checkPreprocessing(given, fail)
  const steps = flatten(given)
  const take = <T>(type: abstract new (...args: never[]) => T): T | undefined =>
    steps[0]?.constructor === type ? (steps.shift() as T) : undefined
  const [resize, crop, scaled, normalize] = [take(Resize), take(CenterCrop), take(ToTensor), take(Normalize)]
  const { size, options } = resize ?? {}
  const cropSize = edgeOf(crop?.size)
  if (
    typeof size !== 'number' ||
    options?.maxSize !== undefined ||
    cropSize === undefined ||
    !scaled ||
    steps[0]
  ) {
    throw cannotDescribe(steps[0])
  }
  const mean = (normalize?.mean ?? [0]).map(shortest)
  const std = (normalize?.std ?? [1]).map(shortest)
  const channels = Math.max(mean.length, std.length)
  return {
    resizeSize: size,
    cropSize,
    mean: spread(mean, channels),
    std: spread(std, channels),
    interpolation: options?.interpolation ?? 'bilinear',
  }
}

function isTransform(given: Preprocessing | TransformLike): given is TransformLike {
  return typeof given === 'function' || typeof (given as { forward?: unknown }).forward === 'function'
}

function flatten(transform: TransformLike): TransformLike[] {
  return transform instanceof Compose ? transform.transforms.flatMap(flatten) : [transform]
}

/** The edge of a square. */
function edgeOf(size: number | readonly [number, number] | undefined): number | undefined {
  if (typeof size !== 'object') return size
  return size[0] === size[1] ? size[0] : undefined
}

/** One number stands for all channels. */
function spread(values: readonly number[], channels: number): readonly number[] {
  return values.length === channels ? values : new Array<number>(channels).fill(values[0]!)
}

/** The shortest decimal that is the same float32: `Normalize` keeps 0.485 as 0.48500001430511475. */
function shortest(value: number): number {
  const digits = Array.from({ length: 9 }, (_, index) => Number(value.toPrecision(index + 1)))
  return digits.find((short) => Math.fround(short) === value) ?? value
}

function fail(what: string): never {
  throw new ArgumentError(what)
}

function cannotDescribe(step: TransformLike | undefined): ArgumentError {
  const name = typeof step === 'function' ? 'a function' : step?.constructor.name
  const where = name === undefined ? 'a step is missing or of another form' : `${name} stands in the way`
  return new ArgumentError(
    'preprocessing must be Resize (one number, no maxSize), CenterCrop (a square), ToTensor and perhaps Normalize, in this ' +
      `order: ${where}. Give the transform of the validation data, or a description: ` +
      '{ resizeSize: 256, cropSize: 224, mean, std }.',
  )
}
