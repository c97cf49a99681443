import { ArgumentError } from '../../core/errors.ts'
import { resize, type Interpolation } from '../resize.ts'
import { expectPicture, imageSizeOf, type ImageSize } from './input.ts'
import { parseSize, type Size } from './options.ts'
import type { Transform, TransformInput } from './transform.ts'

/** Options of {@link Resize}. */
export interface ResizeOptions {
  /** Default `bilinear`. All but `nearest` are antialiased, as PIL's. */
  readonly interpolation?: Interpolation | undefined
  /** The longer edge at most, in pixels; only with a single number as size, and above it. Default none. */
  readonly maxSize?: number | undefined
}

/**
 * Resizes a picture: a single number is the shorter edge, the longer one follows; `[height, width]` is both.
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.Resize.html
 */
export class Resize implements Transform {
  static readonly name: string = 'Resize'

  readonly options: ResizeOptions

  /** @throws {@link ArgumentError} if the size is none, or `maxSize` doesn't go with it. */
  constructor(
    readonly size: Size,
    options: ResizeOptions = {},
  ) {
    this.options = { ...options }
    parseSize(size, 'Resize')
    checkMaxSize(size, options.maxSize)
  }

  toArguments(): readonly unknown[] {
    return [this.size, this.options]
  }

  /** @throws {@link ArgumentError} if the input is a tensor. */
  forward(input: TransformInput): TransformInput {
    const source = expectPicture(input, 'Resize')
    const { height, width } = resizedSize(imageSizeOf(source), this.size, this.options.maxSize)
    return resize(source, height, width, { interpolation: this.options.interpolation ?? 'bilinear' })
  }
}

/** The size that {@link Resize} gives an image; fractions are cut off, but at least one pixel is left. */
export function resizedSize(image: ImageSize, size: Size, maxSize?: number): ImageSize {
  if (typeof size !== 'number') return { height: size[0], width: size[1] }
  const isPortrait = image.width <= image.height
  const [short, long] = isPortrait ? [image.width, image.height] : [image.height, image.width]
  let newShort = size
  let newLong = Math.trunc((size * long) / short)
  if (maxSize !== undefined && newLong > maxSize) {
    newShort = Math.max(Math.trunc((maxSize * newShort) / newLong), 1)
    newLong = maxSize
  }
  return isPortrait ? { height: newLong, width: newShort } : { height: newShort, width: newLong }
}

function checkMaxSize(size: Size, maxSize: number | undefined): void {
  if (maxSize === undefined) return
  if (typeof size !== 'number') {
    throw new ArgumentError('Resize: maxSize goes with a single number as size, not with [height, width]')
  }
  if (!Number.isInteger(maxSize) || maxSize <= size) {
    throw new ArgumentError(`Resize: maxSize ${maxSize} must be an integer above the size ${size}`)
  }
}
