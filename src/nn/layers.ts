import { ArgumentError } from '../core/errors.ts'
import type { Value } from '../graph/graph.ts'
import * as activations from '../ops/activations.ts'
import { mul } from '../ops/elementwise.ts'
import { averagePool, globalAveragePool, maxPool } from '../ops/pool.ts'
import { flatten } from '../ops/reshape.ts'
import { pairOf, type Pair } from './check-options.ts'
import { Module } from './module.ts'
import { traceOf } from './trace.ts'

/** Layers without parameters: each is one operator under PyTorch's name. */

/** max(x, 0). @see https://pytorch.org/docs/stable/generated/torch.nn.ReLU.html */
export class ReLU extends Module {
  static override readonly name: string = 'ReLU'

  forward(x: Value): Value {
    return activations.relu(x)
  }
}

/** x · Φ(x), or its approximation by tanh. @see https://pytorch.org/docs/stable/generated/torch.nn.GELU.html */
export class GELU extends Module {
  static override readonly name: string = 'GELU'

  readonly approximate: 'none' | 'tanh'

  /** @throws {@link ArgumentError} for another approximation. */
  constructor({ approximate = 'none' }: activations.GeluOptions = {}) {
    super()
    if (!['none', 'tanh'].includes(approximate)) {
      throw new ArgumentError(`GELU has no approximation '${approximate}': use 'none' or 'tanh'`)
    }
    this.approximate = approximate
  }

  forward(x: Value): Value {
    return activations.gelu(x, { approximate: this.approximate })
  }
}

/** x · sigmoid(x). @see https://pytorch.org/docs/stable/generated/torch.nn.SiLU.html */
export class SiLU extends Module {
  static override readonly name: string = 'SiLU'

  forward(x: Value): Value {
    return mul(x, activations.sigmoid(x))
  }
}

/** 1 / (1 + e^−x). */
export class Sigmoid extends Module {
  static override readonly name: string = 'Sigmoid'

  forward(x: Value): Value {
    return activations.sigmoid(x)
  }
}

/** Hyperbolic tangent. */
export class Tanh extends Module {
  static override readonly name: string = 'Tanh'

  forward(x: Value): Value {
    return activations.tanh(x)
  }
}

/** e^x / Σ e^x over `dim`. */
export class Softmax extends Module {
  static override readonly name: string = 'Softmax'

  constructor(readonly dim = -1) {
    super()
  }

  forward(x: Value): Value {
    return activations.softmax(x, this.dim)
  }
}

/** The input. */
export class Identity extends Module {
  static override readonly name: string = 'Identity'

  forward(x: Value): Value {
    return x
  }
}

/** Joins the dimensions from `startDim` on. */
export class Flatten extends Module {
  static override readonly name: string = 'Flatten'

  constructor(readonly startDim = 1) {
    super()
  }

  forward(x: Value): Value {
    return flatten(x, this.startDim)
  }
}

/** Stride (default: the kernel size) and padding (default: 0) of the pools. */
export interface PoolOptions {
  readonly stride?: Pair | undefined
  readonly padding?: Pair | undefined
}

abstract class Pool2d extends Module {
  readonly kernelSize: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly padding: readonly [number, number]

  /** @throws {@link ArgumentError} for sizes that are no whole numbers, or a padding of more than half the kernel. */
  constructor(kernelSize: Pair, { stride = kernelSize, padding = 0 }: PoolOptions = {}) {
    super()
    const name = this.constructor.name
    this.kernelSize = pairOf(name, 'kernelSize', kernelSize)
    this.stride = pairOf(name, 'stride', stride)
    this.padding = pairOf(name, 'padding', padding, 0)
    if (this.padding.some((size, axis) => 2 * size > this.kernelSize[axis]!)) {
      throw new ArgumentError(
        `${name}: padding [${this.padding.join(', ')}] is more than half of the kernel [${this.kernelSize.join(', ')}]`,
      )
    }
  }

  protected get window() {
    return { strides: this.stride, padding: this.padding }
  }
}

/** Largest of each window; of equal ones the first gets the gradient. @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html */
export class MaxPool2d extends Pool2d {
  static override readonly name: string = 'MaxPool2d'

  forward(x: Value): Value {
    return maxPool(x, this.kernelSize, this.window)
  }
}

/** Mean of each window, padding counted. @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html */
export class AvgPool2d extends Pool2d {
  static override readonly name: string = 'AvgPool2d'

  forward(x: Value): Value {
    return averagePool(x, this.kernelSize, { ...this.window, countIncludePad: true })
  }
}

/** Mean over all positions: `[N, C, H, W]` → `[N, C, 1, 1]`. Only the output size 1 (or `[1, 1]`) is supported. */
export class AdaptiveAvgPool2d extends Module {
  static override readonly name: string = 'AdaptiveAvgPool2d'

  constructor(outputSize: Pair = 1) {
    super()
    const sizes = pairOf('AdaptiveAvgPool2d', 'outputSize', outputSize)
    if (sizes.some((size) => size !== 1)) {
      throw new ArgumentError(`AdaptiveAvgPool2d supports the output size 1, not [${sizes.join(', ')}]`)
    }
  }

  forward(x: Value): Value {
    return globalAveragePool(x)
  }
}

/** While training, zeroes elements with probability `p` and scales the others. @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html */
export class Dropout extends Module {
  static override readonly name: string = 'Dropout'

  constructor(readonly p = 0.5) {
    super()
    if (!(p >= 0 && p <= 1)) throw new ArgumentError(`the dropout probability must be in 0 … 1, not ${p}`)
  }

  forward(x: Value): Value {
    if (!this.training || this.p === 0) return x
    return activations.dropout(x, traceOf(x).mask(x.shape, this.p), this.p)
  }
}

/** Modules one after the other, named by their index. @see https://pytorch.org/docs/stable/generated/torch.nn.Sequential.html */
export class Sequential extends Module {
  static override readonly name: string = 'Sequential'

  constructor(...modules: readonly Module[]) {
    super()
    modules.forEach((module, index) => Object.assign(this, { [index]: module }))
  }

  forward(x: Value): Value {
    let y = x
    for (const [, module] of this.namedChildren()) y = module.call(y)
    return y
  }
}
