import { ShapeError } from '../core/errors.ts'
import type { Generator } from '../core/generator.ts'
import type { Value } from '../graph/graph.ts'
import { linear } from '../ops/matmul.ts'
import { checkCount } from './check-options.ts'
import { defaultGenerator } from './default-generator.ts'
import { defaultBound, uniform } from './init.ts'
import { Module } from './module.ts'
import type { Parameter } from './parameter.ts'

/** Options of {@link Linear}. */
export interface LinearOptions {
  /** Default: true. */
  readonly bias?: boolean | undefined
  /** Draws the initial weights. Default: one of its own for each layer, the same in each run of a program. */
  readonly generator?: Generator | undefined
}

/**
 * y = x Wᵀ + b over the last dimension of `x` `[N, …, inFeatures]`.
 *
 * @throws {@link ArgumentError} for sizes that are no whole numbers ≥ 1.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Linear.html
 */
export class Linear extends Module {
  static override readonly name: string = 'Linear'

  /** `[outFeatures, inFeatures]`. */
  readonly weight: Parameter
  /** `[outFeatures]`. */
  readonly bias?: Parameter

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    { bias = true, generator = defaultGenerator() }: LinearOptions = {},
  ) {
    super()
    checkCount('Linear', 'inFeatures', inFeatures)
    checkCount('Linear', 'outFeatures', outFeatures)
    const shape = [outFeatures, inFeatures]
    this.weight = uniform(shape, defaultBound(shape), generator)
    if (bias) this.bias = uniform([outFeatures], defaultBound(shape), generator)
  }

  forward(x: Value): Value {
    if (x.rank < 2 || x.shape.at(-1) !== this.inFeatures) {
      throw new ShapeError(
        `Linear takes inputs [N, …, ${this.inFeatures}], not ${x.toString()}: give it as many inFeatures as come in, after a Flatten where the input has positions`,
      )
    }
    return linear(x, this.parameter(x, this.weight), this.bias && this.parameter(x, this.bias))
  }
}
