import { cropImage } from './geometry.ts'
import { expectImage, imageSizeOf } from './input.ts'
import { parseSize, roundHalfToEven, type Size } from './options.ts'
import { padImage } from './pad.ts'
import type { Transform, TransformInput } from './transform.ts'

/**
 * The middle of a picture, or of a tensor `[…, H, W]`. Where the image is smaller, it is padded with 0 first.
 * A picture comes back as a view.
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.CenterCrop.html
 */
export class CenterCrop implements Transform {
  static readonly name: string = 'CenterCrop'

  /** @throws {@link ArgumentError} unless `size` is an integer ≥ 1 or `[height, width]` of such. */
  constructor(readonly size: Size) {
    parseSize(size, 'CenterCrop')
  }

  toArguments(): readonly unknown[] {
    return [this.size]
  }

  forward(input: TransformInput): TransformInput {
    const [height, width] = parseSize(this.size, 'CenterCrop')
    const image = padTo(expectImage(input, 'CenterCrop'), height, width)
    const full = imageSizeOf(image)
    const top = roundHalfToEven((full.height - height) / 2)
    const left = roundHalfToEven((full.width - width) / 2)
    return cropImage(image, { top, left, height, width })
  }
}

/** Pads with 0 to at least `height` × `width`; the odd pixel goes right and below. */
function padTo(image: TransformInput, height: number, width: number): TransformInput {
  const full = imageSizeOf(image)
  const missingRows = Math.max(height - full.height, 0)
  const missingColumns = Math.max(width - full.width, 0)
  if (missingRows + missingColumns === 0) return image
  const left = missingColumns >> 1
  const top = missingRows >> 1
  return padImage(image, [left, top, missingColumns - left, missingRows - top], {}, 'CenterCrop')
}
