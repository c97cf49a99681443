import { ArgumentError } from '../../core/errors.ts'
import type { Generator } from '../../core/generator.ts'
import { cropImage, type CropBox } from './geometry.ts'
import { expectImage, imageSizeOf, type ImageSize } from './input.ts'
import { parseSize, type Size } from './options.ts'
import { checkPadding, padImage, type Padding, type PadOptions } from './pad.ts'
import type { Transform, TransformInput } from './transform.ts'

/** Options of {@link RandomCrop}. */
export interface RandomCropOptions extends PadOptions {
  /** Padding before the crop. Default none. */
  readonly padding?: Padding | undefined
  /** Pads an image that is smaller than the crop, on both sides by what is missing. Default false. */
  readonly padIfNeeded?: boolean | undefined
}

/**
 * A part of a given size at a random place of a picture, or of a tensor `[…, H, W]`.
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.RandomCrop.html
 */
export class RandomCrop implements Transform {
  static readonly name: string = 'RandomCrop'

  readonly options: RandomCropOptions

  /** @throws {@link ArgumentError} if the size or the padding is not what {@link Size} and {@link Padding} are. */
  constructor(
    readonly size: Size,
    options: RandomCropOptions = {},
  ) {
    this.options = { ...options }
    parseSize(size, 'RandomCrop')
    checkPadding(options.padding ?? 0, options.paddingMode ?? 'constant', 'RandomCrop')
  }

  toArguments(): readonly unknown[] {
    return [this.size, this.options]
  }

  /**
   * Draws where to crop `size` out of `image`: the row, then the column; nothing if there is no choice.
   *
   * @throws {@link ArgumentError} if the crop is larger than the image.
   */
  static getParams(image: ImageSize, size: Size, generator: Generator): CropBox {
    const [height, width] = parseSize(size, 'RandomCrop')
    if (image.height < height || image.width < width) {
      throw new ArgumentError(
        `RandomCrop: ${height} × ${width} pixels (height × width) can't be cropped out of ` +
          `${image.height} × ${image.width}: set padIfNeeded, or put Resize before it`,
      )
    }
    if (image.height === height && image.width === width) return { top: 0, left: 0, height, width }
    const top = generator.integer(0, image.height - height + 1)
    const left = generator.integer(0, image.width - width + 1)
    return { top, left, height, width }
  }

  forward(input: TransformInput, generator: Generator): TransformInput {
    const image = this.#pad(expectImage(input, 'RandomCrop'))
    return cropImage(image, RandomCrop.getParams(imageSizeOf(image), this.size, generator))
  }

  #pad(input: TransformInput): TransformInput {
    const { padding, padIfNeeded } = this.options
    const pad = (image: TransformInput, edges: Padding) => padImage(image, edges, this.options, 'RandomCrop')
    let image = padding === undefined ? input : pad(input, padding)
    if (!padIfNeeded) return image
    const [height, width] = parseSize(this.size, 'RandomCrop')
    const full = imageSizeOf(image)
    if (full.width < width) image = pad(image, [width - full.width, 0])
    if (full.height < height) image = pad(image, [0, height - full.height])
    return image
  }
}
