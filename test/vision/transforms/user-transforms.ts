import type { Generator } from '../../../src/core/generator.ts'
import type { Picture } from '../../../src/vision/picture.ts'
import { picture, contiguous } from '../../../src/vision/picture.ts'
import { RandomVerticalFlip } from '../../../src/vision/transforms/random-flip.ts'
import type { Transform } from '../../../src/vision/transforms/transform.ts'

/** A user's transform that loader workers can run. */
export class RandomInvert implements Transform {
  static readonly module = import.meta.url

  constructor(
    readonly p: number,
    readonly options: { readonly below: number },
  ) {}

  toArguments(): readonly unknown[] {
    return [this.p, this.options]
  }

  forward(source: Picture, generator: Generator): Picture {
    if (generator.random() >= this.p) return source
    const [height, width, channels] = source.shape as [number, number, number]
    const { below } = this.options
    const bytes = contiguous(source).map((value) => (value < below ? 255 - value : value))
    return picture(height, width, channels, bytes)
  }
}

/** Inherits `module` and names none itself: not to be sent. */
export class Subclass extends RandomInvert {}

/** A built-in's subclass without a module: not to be mistaken for the built-in. */
export class SometimesFlip extends RandomVerticalFlip {}

class Hidden extends RandomInvert {
  static override readonly module = import.meta.url
}

/** A class that its module doesn't export. */
export const hidden = new Hidden(1, { below: 3 })
