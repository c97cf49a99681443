import { Generator } from '../core/generator.ts'
import type { Value } from '../graph/graph.ts'
import { conv } from '../ops/conv.ts'
import { defaultBound, uniform } from './init.ts'
import { Module } from './module.ts'
import type { Parameter } from './parameter.ts'
import { traceOf } from './trace.ts'

/** Options of {@link Conv2d}. */
export interface Conv2dOptions {
  /** Default: 1. */
  readonly stride?: number
  /** Zeros on each side. Default: 0. */
  readonly padding?: number
  /** Default: 1. */
  readonly dilation?: number
  /** Default: 1. */
  readonly groups?: number
  /** Default: true. */
  readonly bias?: boolean
  /** Draws the initial weights. Default: seed 0. */
  readonly generator?: Generator
}

/** 2-D convolution of `[N, inChannels, H, W]`. @see https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html */
export class Conv2d extends Module {
  weight: Parameter
  readonly bias?: Parameter
  readonly stride: number
  readonly padding: number
  readonly dilation: number
  readonly groups: number

  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    readonly kernelSize: number,
    options: Conv2dOptions = {},
  ) {
    super()
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true } = options
    const generator = options.generator ?? new Generator()
    this.stride = stride
    this.padding = padding
    this.dilation = dilation
    this.groups = groups
    const shape = [outChannels, inChannels / groups, kernelSize, kernelSize]
    this.weight = uniform(shape, defaultBound(shape), generator)
    if (bias) this.bias = uniform([outChannels], defaultBound(shape), generator)
  }

  forward(x: Value): Value {
    const trace = traceOf(x)
    const { stride, padding, dilation, groups } = this
    return conv(x, trace.parameter(this.weight), this.bias && trace.parameter(this.bias), {
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
      dilations: [dilation, dilation],
      group: groups,
    })
  }
}
