import { ArgumentError } from '../../core/errors.ts'
import type { Generator } from '../../core/generator.ts'
import type { Picture } from '../picture.ts'
import { expectPicture } from './input.ts'
import { checkRange, format, type Range } from './options.ts'
import { rotate, type RotateOptions } from './rotate.ts'
import type { Transform, TransformInput } from './transform.ts'

/**
 * Turns a picture by a random angle, against the clock, around its middle or another point.
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.RandomRotation.html
 */
export class RandomRotation implements Transform {
  static readonly name: string = 'RandomRotation'

  /** Range of the angle in degrees. */
  readonly degrees: Range
  readonly options: RotateOptions

  /**
   * @param degrees - The range of angles, or a number d for −d … d.
   * @throws {@link ArgumentError} if `degrees` is negative or no range, or the centre is no point.
   */
  constructor(degrees: number | Range, options: RotateOptions = {}) {
    if (typeof degrees === 'number' && !(degrees >= 0)) {
      throw new ArgumentError(
        `RandomRotation: a single number of degrees must not be negative, but is ${degrees}`,
      )
    }
    this.degrees = typeof degrees === 'number' ? [-degrees, degrees] : degrees
    checkRange(this.degrees, 'degrees', 'RandomRotation')
    checkRotateOptions(options)
    this.options = { ...options }
  }

  toArguments(): readonly unknown[] {
    return [this.degrees, this.options]
  }

  /** Draws the angle in degrees. */
  static getParams(degrees: Range, generator: Generator): number {
    return generator.uniform(...degrees)
  }

  /** @throws {@link ArgumentError} if the input is a tensor, or `fill` doesn't fit its channels. */
  forward(input: TransformInput, generator: Generator): Picture {
    const source = expectPicture(input, 'RandomRotation')
    return rotate(source, RandomRotation.getParams(this.degrees, generator), this.options)
  }
}

function checkRotateOptions({ center, interpolation = 'nearest' }: RotateOptions): void {
  if (center && ((center as readonly number[]).length !== 2 || !center.every(Number.isFinite))) {
    throw new ArgumentError(`RandomRotation: center must be [x, y], not ${format(center)}`)
  }
  if (!['nearest', 'bilinear'].includes(interpolation)) {
    throw new ArgumentError(
      `RandomRotation: there is no interpolation '${interpolation}'; there are nearest and bilinear`,
    )
  }
}
