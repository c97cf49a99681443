import { contiguous, picture, type Generator, type Picture, type Transform } from 'onnx-finetune'

/** Where a shadow falls. */
export interface ShadowParams {
  /** The way into the shadow, in radians; 0 is to the right, π/2 downwards. */
  readonly angle: number
  /** Where it begins, as a part of the picture along that way: 0 darkens all of it, 1 nothing. */
  readonly edge: number
}

/**
 * Darkens one side of a picture. What is drawn at random (`getParams`) stands apart from the work on pixels
 * (`apply`): the one can be tested without pictures, the other without chance.
 *
 * It is in a file of its own, says which (`module`) and gives its constructor's arguments back (`toArguments`): so
 * loader workers can make it anew and run it.
 */
export class SoftShadow implements Transform {
  static readonly module = import.meta.url

  /** @param strength - How much of the light is taken away, 0 … 1. */
  constructor(readonly strength = 0.5) {}

  toArguments(): readonly unknown[] {
    return [this.strength]
  }

  static getParams(generator: Generator): ShadowParams {
    return { angle: generator.uniform(0, 2 * Math.PI), edge: generator.uniform(0.2, 0.8) }
  }

  static apply(source: Picture, { angle, edge }: ShadowParams, strength: number): Picture {
    const [height, width, channels] = source.shape as [number, number, number]
    const [right, down] = [Math.cos(angle), Math.sin(angle)]
    const pixels = contiguous(source).map((value, at) => {
      const x = ((at / channels) % width) / width - 0.5
      const y = Math.floor(at / channels / width) / height - 0.5
      const depth = Math.min(Math.max((x * right + y * down + 0.5 - edge) * 5, 0), 1)
      return value * (1 - strength * depth)
    })
    return picture(height, width, channels, pixels)
  }

  forward(source: Picture, generator: Generator): Picture {
    return SoftShadow.apply(source, SoftShadow.getParams(generator), this.strength)
  }
}
