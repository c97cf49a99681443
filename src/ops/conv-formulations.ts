import type { Geometry } from './conv-geometry.ts'
import type { LoweringTarget } from './registry.ts'

/**
 * Which ONNX operators a convolution and its gradients are written in. The thresholds lie between the shapes of
 * ResNet-18 at batch 4 on two cores with AVX-512, timed by `bench/ops.ts`. The choice stands in this one file.
 */

/** How the weights' gradient is written. */
export interface WeightForm {
  /** How windows become columns: not at all (1×1), by a depthwise one-hot `Conv`, or by `Slice` and `Concat`. */
  readonly columns: 'none' | 'oneHot' | 'slices'
  /** One product a sample and a sum over the batch, or one `Gemm` over batch and positions together. */
  readonly product: 'batched' | 'gemm'
}

/** How the convolution itself is written. */
export type ForwardForm = 'conv' | 'columns'

/** How the input's gradient is written. */
export type InputForm = 'convTranspose' | 'flippedConv'

/** From so many positions on, transposing the columns costs more than summing a product for each sample. */
const batchedFrom = 500

/** Up to so many positions, a product with columns beats `Conv`, which can't prepack weights that change. */
const columnsUpTo = 256

/** From so many positions on, `Conv` with flipped weights beats `ConvTranspose`, whose col2im is serial. */
const flippedFrom = 500

/** The cheapest form of a convolution with weights that change, for `positions` windows a sample. */
export function forwardForm(geometry: Geometry, positions: number, target: LoweringTarget): ForwardForm {
  const small = target.device === 'cpu' && geometry.group === 1 && positions <= columnsUpTo
  return small && !isPointwise(geometry) ? 'columns' : 'conv'
}

/** The cheapest form of dW for `positions` windows a sample. */
export function weightForm(geometry: Geometry, positions: number, target: LoweringTarget): WeightForm {
  const pointwise = isPointwise(geometry)
  // WebGPU in its NHWC layout computes a depthwise Conv with several outputs a channel wrongly.
  const columns = pointwise ? 'none' : target.device === 'webgpu' ? 'slices' : 'oneHot'
  return { columns, product: geometry.group > 1 || positions >= batchedFrom ? 'batched' : 'gemm' }
}

/** The cheapest form of dX for `positions` output positions a sample. */
export function inputForm(geometry: Geometry, positions: number): InputForm {
  const { strides, group, kernel, pads, dilations } = geometry
  const reach = kernel.map((size, axis) => (size - 1) * dilations[axis]!)
  const possible =
    group === 1 &&
    strides.every((stride) => stride === 1) &&
    pads.every((pad, axis) => pad <= reach[axis % kernel.length]!)
  return possible && (positions >= flippedFrom || isPointwise(geometry)) ? 'flippedConv' : 'convTranspose'
}

/** Whether every window is one position of the input itself. */
export function isPointwise({ kernel, pads }: Geometry): boolean {
  return kernel.every((size) => size === 1) && pads.every((pad) => pad === 0)
}
