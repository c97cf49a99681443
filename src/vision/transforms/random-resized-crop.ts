import type { Generator } from '../../core/generator.ts'
import { resize, type Interpolation } from '../resize.ts'
import type { CropBox } from './geometry.ts'
import { expectPicture, imageSizeOf, type ImageSize } from './input.ts'
import { checkRange, parseSize, roundHalfToEven, type Range, type Size } from './options.ts'
import type { Transform, TransformInput } from './transform.ts'

/** Options of {@link RandomResizedCrop}. */
export interface RandomResizedCropOptions {
  /** Range of the crop's area, as a part of the picture's. Default [0.08, 1]. */
  readonly scale?: Range | undefined
  /** Range of the crop's width divided by its height. Default [3/4, 4/3]. */
  readonly ratio?: Range | undefined
  /** Default `bilinear`. */
  readonly interpolation?: Interpolation | undefined
}

/**
 * A random part of a picture, of random size and proportions, resized: the usual augmentation for training on
 * photographs.
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.RandomResizedCrop.html
 */
export class RandomResizedCrop implements Transform {
  static readonly name: string = 'RandomResizedCrop'

  readonly scale: Range
  readonly ratio: Range
  readonly interpolation: Interpolation

  /** @throws {@link ArgumentError} if the size is none, or a range isn't [low, high] with low ≥ 0. */
  constructor(
    readonly size: Size,
    { scale = [0.08, 1], ratio = [3 / 4, 4 / 3], interpolation = 'bilinear' }: RandomResizedCropOptions = {},
  ) {
    this.scale = scale
    this.ratio = ratio
    this.interpolation = interpolation
    parseSize(size, 'RandomResizedCrop')
    checkRange(scale, 'scale', 'RandomResizedCrop', [0, Infinity])
    checkRange(ratio, 'ratio', 'RandomResizedCrop', [Number.MIN_VALUE, Infinity])
  }

  toArguments(): readonly unknown[] {
    return [this.size, { scale: this.scale, ratio: this.ratio, interpolation: this.interpolation }]
  }

  /**
   * Draws the crop: up to ten times an area and a proportion (uniform in its logarithm); of the first that
   * fits, a row and a column. If none fits, the largest crop in the middle whose proportion is in range.
   */
  static getParams(image: ImageSize, scale: Range, ratio: Range, generator: Generator): CropBox {
    const logRatio = ratio.map(Math.log) as [number, number]
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = image.height * image.width * generator.uniform(...scale)
      const proportion = Math.exp(generator.uniform(...logRatio))
      const width = roundHalfToEven(Math.sqrt(area * proportion))
      const height = roundHalfToEven(Math.sqrt(area / proportion))
      if (width < 1 || width > image.width || height < 1 || height > image.height) continue
      const top = generator.integer(0, image.height - height + 1)
      const left = generator.integer(0, image.width - width + 1)
      return { top, left, height, width }
    }
    return centralCrop(image, ratio)
  }

  /** @throws {@link ArgumentError} if the input is a tensor. */
  forward(input: TransformInput, generator: Generator): TransformInput {
    const source = expectPicture(input, 'RandomResizedCrop')
    const { top, left, ...part } = RandomResizedCrop.getParams(
      imageSizeOf(source),
      this.scale,
      this.ratio,
      generator,
    )
    const [height, width] = parseSize(this.size, 'RandomResizedCrop')
    const box = [top, left, part.height, part.width] as const
    return resize(source, height, width, { interpolation: this.interpolation, box })
  }
}

function centralCrop(image: ImageSize, [narrowest, widest]: Range): CropBox {
  const proportion = image.width / image.height
  let { height, width } = image
  if (proportion < narrowest) height = atLeastOne(roundHalfToEven(width / narrowest))
  else if (proportion > widest) width = atLeastOne(roundHalfToEven(height * widest))
  return { top: (image.height - height) >> 1, left: (image.width - width) >> 1, height, width }
}

/** torchvision fails here on a picture one pixel high: it crops nothing out of it. */
function atLeastOne(size: number): number {
  return Math.max(size, 1)
}
