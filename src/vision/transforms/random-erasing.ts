import { ArgumentError, ShapeError } from '../../core/errors.ts'
import type { Generator } from '../../core/generator.ts'
import { formatShape } from '../../core/shape.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { CropBox } from './geometry.ts'
import { describeInput, expectTensor, imageSizeOf, type ImageSize } from './input.ts'
import { checkProbability, checkRange, format, roundHalfToEven, type Range } from './options.ts'
import type { Transform, TransformInput } from './transform.ts'

/** Options of {@link RandomErasing}. */
export interface RandomErasingOptions {
  /** Probability that anything is erased. Default 0.5. */
  readonly p?: number | undefined
  /** Range of the erased area, as a part of the image's. Default [0.02, 0.33]. */
  readonly scale?: Range | undefined
  /** Range of the erased rectangle's height divided by its width. Default [0.3, 3.3]. */
  readonly ratio?: Range | undefined
  /** What is written: one value, one for each channel, or `random` (standard normal, each on its own). Default 0. */
  readonly value?: number | readonly number[] | 'random' | undefined
  /** Writes into the given tensor instead of a copy. Default false. */
  readonly inplace?: boolean | undefined
}

/** The rectangle to erase, and what to write there: a value for each channel, or one for each element. */
export interface Erasure extends CropBox {
  readonly values: ArrayLike<number>
}

/**
 * Overwrites a random rectangle of a float tensor `[…, C, H, W]` ("Random Erasing Data Augmentation", Zhong et al.).
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.RandomErasing.html
 */
export class RandomErasing implements Transform {
  static readonly name: string = 'RandomErasing'

  readonly options: Required<{ [K in keyof RandomErasingOptions]: NonNullable<RandomErasingOptions[K]> }>

  /** @throws {@link ArgumentError} if an option is outside of its range. */
  constructor(options: RandomErasingOptions = {}) {
    const { p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0, inplace = false } = options
    this.options = { p, scale, ratio, value, inplace }
    checkProbability(p, 'RandomErasing')
    checkRange(scale, 'scale', 'RandomErasing', [0, 1])
    checkRange(ratio, 'ratio', 'RandomErasing', [Number.MIN_VALUE, Infinity])
    if (typeof (value as unknown) === 'string' && (value as string) !== 'random') {
      throw new ArgumentError(
        `RandomErasing: value must be a number, numbers or 'random', not '${String(value)}'`,
      )
    }
  }

  toArguments(): readonly unknown[] {
    return [this.options]
  }

  /**
   * Draws the rectangle: up to ten times an area and a proportion (uniform in its logarithm); for the first
   * that is smaller than the image in both directions its random values, if `values` is undefined, then a row
   * and a column. `undefined` if none was.
   */
  static getParams(
    image: ImageSize & { readonly channels: number },
    { scale, ratio }: { readonly scale: Range; readonly ratio: Range },
    values: readonly number[] | undefined,
    generator: Generator,
  ): Erasure | undefined {
    const logRatio = ratio.map(Math.log) as [number, number]
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = image.height * image.width * generator.uniform(...scale)
      const proportion = Math.exp(generator.uniform(...logRatio))
      const height = roundHalfToEven(Math.sqrt(area * proportion))
      const width = roundHalfToEven(Math.sqrt(area / proportion))
      if (height >= image.height || width >= image.width) continue
      const written = values ?? drawNormal(image.channels * height * width, generator)
      const top = generator.integer(0, image.height - height + 1)
      const left = generator.integer(0, image.width - width + 1)
      return { top, left, height, width, values: written }
    }
    return undefined
  }

  /** @throws {@link ArgumentError} for a picture; {@link ShapeError} if `value` doesn't fit the channels. */
  forward(input: TransformInput, generator: Generator): Tensor {
    const tensor = expectTensor(input, 'RandomErasing')
    const { p, scale, ratio, value, inplace } = this.options
    if (!(generator.random() < p)) return tensor
    const channels = channelsOf(tensor)
    const values = value === 'random' ? undefined : valuesFor(value, channels)
    const size = { ...imageSizeOf(tensor), channels }
    const erasure = RandomErasing.getParams(size, { scale, ratio }, values, generator)
    return erasure ? erase(inplace ? tensor : tensor.clone(), erasure) : tensor
  }
}

/** Writes into the rectangle of every image of `tensor`, and returns it. The work of {@link RandomErasing}. */
export function erase(tensor: Tensor, { top, left, height, width, values }: Erasure): Tensor {
  const data = floatsOf(tensor)
  const channels = channelsOf(tensor)
  const size = imageSizeOf(tensor)
  const planes = tensor.size / (size.height * size.width)
  const isPerChannel = values.length === channels
  for (let plane = 0; plane < planes; plane++) {
    const channel = plane % channels
    for (let y = 0; y < height; y++) {
      const row = (plane * size.height + top + y) * size.width + left
      const from = (channel * height + y) * width
      for (let x = 0; x < width; x++) data[row + x] = values[isPerChannel ? channel : from + x]!
    }
  }
  return tensor
}

function floatsOf(tensor: Tensor): Float32Array | Float64Array {
  const { data } = tensor
  if (data instanceof Float32Array || data instanceof Float64Array) return data
  throw new ArgumentError(`RandomErasing works on float tensors, but was given ${describeInput(tensor)}`)
}

function channelsOf(tensor: Tensor): number {
  if (tensor.shape.length >= 3) return tensor.shape.at(-3)!
  throw new ShapeError(`RandomErasing needs a tensor […, C, H, W], not ${formatShape(tensor.shape)}`)
}

function valuesFor(value: number | readonly number[], channels: number): readonly number[] {
  const values = typeof value === 'number' ? [value] : value
  if (values.length === 1) return new Array<number>(channels).fill(values[0]!)
  if (values.length === channels) return values
  throw new ShapeError(`RandomErasing: value ${format(values)} doesn't fit an image of ${channels} channels`)
}

function drawNormal(length: number, generator: Generator): Float32Array {
  return Float32Array.from({ length }, () => generator.normal())
}
