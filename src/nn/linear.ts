import { Generator } from '../core/generator.ts'
import type { Value } from '../graph/graph.ts'
import { linear } from '../ops/matmul.ts'
import { defaultBound, uniform } from './init.ts'
import { Module } from './module.ts'
import type { Parameter } from './parameter.ts'
import { traceOf } from './trace.ts'

/** Options of {@link Linear}. */
export interface LinearOptions {
  /** Default: true. */
  readonly bias?: boolean
  /** Draws the initial weights. Default: seed 0. */
  readonly generator?: Generator
}

/** y = x Wᵀ + b for `x` `[N, inFeatures]`. @see https://pytorch.org/docs/stable/generated/torch.nn.Linear.html */
export class Linear extends Module {
  readonly weight: Parameter
  readonly bias?: Parameter

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    { bias = true, generator = new Generator() }: LinearOptions = {},
  ) {
    super()
    const shape = [outFeatures, inFeatures]
    this.weight = uniform(shape, defaultBound(shape), generator)
    if (bias) this.bias = uniform([outFeatures], defaultBound(shape), generator)
  }

  forward(x: Value): Value {
    const trace = traceOf(x)
    return linear(x, trace.parameter(this.weight), this.bias && trace.parameter(this.bias))
  }
}
