import type { Generator } from '../../core/generator.ts'
import { flipImage } from './geometry.ts'
import { expectImage } from './input.ts'
import { checkProbability } from './options.ts'
import type { Transform, TransformInput } from './transform.ts'

/**
 * Mirrors a picture, or a tensor `[…, H, W]`, left to right with probability p. A picture comes back as a view.
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.RandomHorizontalFlip.html
 */
export class RandomHorizontalFlip implements Transform {
  static readonly name: string = 'RandomHorizontalFlip'

  /** @throws {@link ArgumentError} unless 0 ≤ p ≤ 1. */
  constructor(readonly p = 0.5) {
    checkProbability(p, 'RandomHorizontalFlip')
  }

  toArguments(): readonly unknown[] {
    return [this.p]
  }

  forward(input: TransformInput, generator: Generator): TransformInput {
    const image = expectImage(input, 'RandomHorizontalFlip')
    return generator.random() < this.p ? flipImage(image, 'horizontal') : image
  }
}

/**
 * Mirrors a picture, or a tensor `[…, H, W]`, top to bottom with probability p. A picture comes back as a view.
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.RandomVerticalFlip.html
 */
export class RandomVerticalFlip implements Transform {
  static readonly name: string = 'RandomVerticalFlip'

  /** @throws {@link ArgumentError} unless 0 ≤ p ≤ 1. */
  constructor(readonly p = 0.5) {
    checkProbability(p, 'RandomVerticalFlip')
  }

  toArguments(): readonly unknown[] {
    return [this.p]
  }

  forward(input: TransformInput, generator: Generator): TransformInput {
    const image = expectImage(input, 'RandomVerticalFlip')
    return generator.random() < this.p ? flipImage(image, 'vertical') : image
  }
}
