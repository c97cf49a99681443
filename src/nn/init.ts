import type { Generator } from '../core/generator.ts'
import { sizeOf, type Shape } from '../core/shape.ts'
import { Tensor } from '../core/tensor.ts'
import { Parameter } from './parameter.ts'

/** Initialisers, by the formulas of `torch.nn.init`. */

/** Uniform in ±bound. */
export function uniform(shape: Shape, bound: number, generator: Generator): Parameter {
  return filled(shape, () => generator.uniform(-bound, bound))
}

/** Normal around 0. */
export function normal(shape: Shape, std: number, generator: Generator): Parameter {
  return filled(shape, () => generator.normal(0, std))
}

/** All elements `value`. */
export function constant(shape: Shape, value: number): Parameter {
  return filled(shape, () => value)
}

/**
 * PyTorch's default for weights and biases of Linear and Conv: uniform in ±1/√fanIn (which is what
 * `kaiming_uniform_(a=√5)` comes to). @see https://pytorch.org/docs/stable/nn.init.html
 */
export function defaultBound(weightShape: Shape): number {
  return 1 / Math.sqrt(sizeOf(weightShape.slice(1)))
}

function filled(shape: Shape, draw: () => number): Parameter {
  const tensor = Tensor.zeros(shape)
  for (let index = 0; index < tensor.size; index++) tensor.data[index] = draw()
  return new Parameter(tensor)
}
