import { Generator } from '../core/generator.ts'
import { sizeOf, type Shape } from '../core/shape.ts'
import type { Steps } from '../core/steps.ts'
import { Tensor } from '../core/tensor.ts'
import { Parameter } from './parameter.ts'

/**
 * Initialisers, by the formulas of `torch.nn.init`. Each splits the generator at once and draws from its part when the
 * parameter is first read, so that the numbers don't depend on when that is.
 */

/** Uniform in ±bound. */
export function uniform(shape: Shape, bound: number, generator: Generator): Parameter {
  return drawn(shape, generator, (own) => own.uniform(-bound, bound))
}

/** Normal around 0. */
export function normal(shape: Shape, std: number, generator: Generator): Parameter {
  return drawn(shape, generator, (own) => own.normal(0, std))
}

/** All elements `value`. */
export function constant(shape: Shape, value: number): Parameter {
  return new Parameter(Tensor.full(shape, value))
}

/**
 * PyTorch's default for weights and biases of Linear and Conv: uniform in ±1/√fanIn (which is what
 * `kaiming_uniform_(a=√5)` comes to). @see https://pytorch.org/docs/stable/nn.init.html
 */
export function defaultBound(weightShape: Shape): number {
  return 1 / Math.sqrt(sizeOf(weightShape.slice(1)))
}

/** So many numbers take a millisecond to draw. */
const piece = 2 ** 12

function drawn(shape: Shape, generator: Generator, draw: (own: Generator) => number): Parameter {
  const state = generator.split().state()
  function* make(): Steps<Tensor> {
    const own = Generator.fromState(state)
    const tensor = Tensor.zeros(shape)
    for (let index = 0; index < tensor.size; index++) {
      tensor.data[index] = draw(own)
      if ((index + 1) % piece === 0) yield
    }
    return tensor
  }
  return new Parameter({ shape, dtype: 'float32', make })
}
