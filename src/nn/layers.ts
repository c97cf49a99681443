import { ArgumentError } from '../core/errors.ts'
import type { Value } from '../graph/graph.ts'
import * as activations from '../ops/activations.ts'
import { mul } from '../ops/elementwise.ts'
import { averagePool, globalAveragePool, maxPool } from '../ops/pool.ts'
import { flatten } from '../ops/reshape.ts'
import { Module } from './module.ts'
import { traceOf } from './trace.ts'

/** Layers without parameters: each is one operator under PyTorch's name. */

/** max(x, 0). @see https://pytorch.org/docs/stable/generated/torch.nn.ReLU.html */
export class ReLU extends Module {
  forward(x: Value): Value {
    return activations.relu(x)
  }
}

/** x · Φ(x). @see https://pytorch.org/docs/stable/generated/torch.nn.GELU.html */
export class GELU extends Module {
  forward(x: Value): Value {
    return activations.gelu(x)
  }
}

/** x · sigmoid(x). @see https://pytorch.org/docs/stable/generated/torch.nn.SiLU.html */
export class SiLU extends Module {
  forward(x: Value): Value {
    return mul(x, activations.sigmoid(x))
  }
}

/** 1 / (1 + e^−x). */
export class Sigmoid extends Module {
  forward(x: Value): Value {
    return activations.sigmoid(x)
  }
}

/** Hyperbolic tangent. */
export class Tanh extends Module {
  forward(x: Value): Value {
    return activations.tanh(x)
  }
}

/** e^x / Σ e^x over `dim`. */
export class Softmax extends Module {
  constructor(readonly dim = -1) {
    super()
  }

  forward(x: Value): Value {
    return activations.softmax(x, this.dim)
  }
}

/** The input. */
export class Identity extends Module {
  forward(x: Value): Value {
    return x
  }
}

/** Joins the dimensions from `startDim` on. */
export class Flatten extends Module {
  constructor(readonly startDim = 1) {
    super()
  }

  forward(x: Value): Value {
    return flatten(x, this.startDim)
  }
}

/** Stride (default: the kernel size) and padding (default: 0) of the pools. */
export interface PoolOptions {
  readonly stride?: number
  readonly padding?: number
}

abstract class Pool2d extends Module {
  protected readonly window

  constructor(
    readonly kernelSize: number,
    { stride = kernelSize, padding = 0 }: PoolOptions = {},
  ) {
    super()
    this.window = { strides: [stride, stride], pads: [padding, padding, padding, padding] }
  }
}

/** Largest of each window; of equal ones the first gets the gradient. @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html */
export class MaxPool2d extends Pool2d {
  forward(x: Value): Value {
    return maxPool(x, this.kernelSize, this.window)
  }
}

/** Mean of each window, padding counted. @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html */
export class AvgPool2d extends Pool2d {
  forward(x: Value): Value {
    return averagePool(x, this.kernelSize, { ...this.window, countIncludePad: true })
  }
}

/** Mean over all positions: `[N, C, H, W]` → `[N, C, 1, 1]`. Only the output size 1 is supported. */
export class AdaptiveAvgPool2d extends Module {
  constructor(outputSize = 1) {
    super()
    if (outputSize !== 1)
      throw new ArgumentError(`AdaptiveAvgPool2d supports the output size 1, not ${outputSize}`)
  }

  forward(x: Value): Value {
    return globalAveragePool(x)
  }
}

/** While training, zeroes elements with probability `p` and scales the others. @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html */
export class Dropout extends Module {
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
