import { ArgumentError, ShapeError } from '../core/errors.ts'
import type { Generator } from '../core/generator.ts'
import type { Value } from '../graph/graph.ts'
import { conv } from '../ops/conv.ts'
import { checkCount, pairOf, type Pair } from './check-options.ts'
import { defaultGenerator } from './default-generator.ts'
import { defaultBound, uniform } from './init.ts'
import { Module } from './module.ts'
import type { Parameter } from './parameter.ts'

/** Options of {@link Conv2d}. */
export interface Conv2dOptions {
  /** Default: 1. */
  readonly stride?: Pair | undefined
  /** Zeros on each side; `'same'`: as many as keep height and width, `'valid'`: none. Default: 0. */
  readonly padding?: Pair | 'same' | 'valid' | undefined
  /** Default: 1. */
  readonly dilation?: Pair | undefined
  /** Channels are split into so many groups that don't see each other. Default: 1. */
  readonly groups?: number | undefined
  /** Default: true. */
  readonly bias?: boolean | undefined
  /** Draws the initial weights. Default: one of its own for each layer, the same in each run of a program. */
  readonly generator?: Generator | undefined
}

/**
 * 2-D convolution of `[N, inChannels, H, W]`. Sizes are one number, or height and width.
 *
 * @throws {@link ArgumentError} for options out of range, or channels that the groups don't divide.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 */
export class Conv2d extends Module {
  static override readonly name: string = 'Conv2d'

  /** `[outChannels, inChannels / groups, height, width]`. */
  weight: Parameter
  /** `[outChannels]`. */
  readonly bias?: Parameter
  readonly kernelSize: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly padding: readonly [number, number] | 'same' | 'valid'
  readonly dilation: readonly [number, number]
  readonly groups: number

  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    kernelSize: Pair,
    options: Conv2dOptions = {},
  ) {
    super()
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true } = options
    const generator = options.generator ?? defaultGenerator()
    checkChannels(inChannels, outChannels, groups)
    this.kernelSize = pairOf('Conv2d', 'kernelSize', kernelSize)
    this.stride = pairOf('Conv2d', 'stride', stride)
    this.padding = paddingOf(padding, this.stride)
    this.dilation = pairOf('Conv2d', 'dilation', dilation)
    this.groups = groups
    const shape = [outChannels, inChannels / groups, ...this.kernelSize]
    this.weight = uniform(shape, defaultBound(shape), generator)
    if (bias) this.bias = uniform([outChannels], defaultBound(shape), generator)
  }

  forward(x: Value): Value {
    if (x.rank !== 4 || x.shape[1] !== this.inChannels) {
      throw new ShapeError(`Conv2d takes inputs [N, ${this.inChannels}, H, W], not ${x.toString()}`)
    }
    return conv(x, this.parameter(x, this.weight), this.bias && this.parameter(x, this.bias), {
      strides: this.stride,
      pads: this.#pads(),
      dilations: this.dilation,
      group: this.groups,
    })
  }

  /** In ONNX's order: top, left, bottom, right. Of an odd number, PyTorch's `'same'` puts the larger part at the end. */
  #pads(): number[] {
    const { padding } = this
    if (padding === 'valid') return [0, 0, 0, 0]
    if (padding !== 'same') return [...padding, ...padding]
    const totals = this.kernelSize.map((size, axis) => (size - 1) * this.dilation[axis]!)
    const before = totals.map((total) => Math.floor(total / 2))
    return [...before, ...totals.map((total, axis) => total - before[axis]!)]
  }
}

function paddingOf(
  padding: Pair | 'same' | 'valid',
  stride: readonly [number, number],
): readonly [number, number] | 'same' | 'valid' {
  if (padding === 'same' && stride.some((step) => step !== 1)) {
    throw new ArgumentError(
      `Conv2d: padding 'same' needs stride 1, not [${stride.join(', ')}]: give the zeros as numbers`,
    )
  }
  if (padding === 'same' || padding === 'valid') return padding
  return pairOf('Conv2d', 'padding', padding, 0)
}

function checkChannels(inChannels: number, outChannels: number, groups: number): void {
  for (const [name, value] of Object.entries({ inChannels, outChannels, groups }))
    checkCount('Conv2d', name, value)
  if (inChannels % groups !== 0 || outChannels % groups !== 0) {
    throw new ArgumentError(
      `Conv2d: ${groups} groups must divide both ${inChannels} inChannels and ${outChannels} outChannels`,
    )
  }
}
