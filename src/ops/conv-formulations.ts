import type { Geometry } from './conv-geometry.ts'
import type { LoweringTarget } from './registry.ts'

/**
 * Which ONNX operators a convolution and its gradients are written in. The thresholds lie between the shapes of
 * ResNet-18 at batch 4 on two cores with AVX-512, timed by `bench/ops.ts`. The choice stands in this one file.
 */

/** How windows become columns: not at all (1×1), by a depthwise one-hot `Conv`, or by `Gather`. */
export type ColumnsForm = 'none' | 'oneHot' | 'gather'

/** How the weights' gradient is written. */
export type WeightForm =
  /** One product a sample and a sum over the batch, or one `Gemm` over batch and positions together. */
  | { readonly product: 'batched' | 'gemm'; readonly columns: ColumnsForm }
  /** One `Gemm` with columns that are made for it. */
  | { readonly product: 'joined' }

/**
 * How the convolution itself is written: `Conv`, a product with columns a sample, or one for the batch, with columns made
 * for it (`'joined'`) or picked by `Gather`.
 */
export type ForwardForm = 'conv' | 'columns' | 'joined' | 'gathered'

/** How the input's gradient is written: `'joined'` and `'gathered'` are one product of swapped weights and columns of dy. */
export type InputForm = 'convTranspose' | 'flippedConv' | 'joined' | 'gathered'

/** From so many positions on, transposing the columns costs more than summing a product for each sample. */
const batchedFrom = 500

/** Up to so many positions, a product with columns beats `Conv`, which can't prepack weights that change. */
const columnsUpTo = 256

/** Up to so many positions, each sample's product is too narrow: reading the weights takes most of its time. */
const joinedUpTo = 100

/** From so many positions on, `Conv` with flipped weights beats `ConvTranspose`, whose col2im is serial. */
const flippedFrom = 500

/**
 * Up to so many positions, WebGPU's `Conv` takes 3 (64 channels at 16²) to 15 times (512 at 2²) as long as a product with
 * gathered columns, as measured on a software adapter. Beyond, columns take much memory.
 */
const gatheredUpTo = 4096

/** The cheapest form of a convolution with weights that change, for `positions` windows a sample. */
export function forwardForm(geometry: Geometry, positions: number, target: LoweringTarget): ForwardForm {
  if (target.device === 'webgpu' && geometry.group === 1 && !isPointwise(geometry)) {
    return positions <= gatheredUpTo ? 'gathered' : 'conv'
  }
  const small = target.device === 'cpu' && geometry.group === 1 && positions <= columnsUpTo
  if (!small || isPointwise(geometry)) return 'conv'
  return positions <= joinedUpTo && canJoin(geometry, target) ? 'joined' : 'columns'
}

/** The cheapest form of dW for `positions` windows a sample. */
export function weightForm(geometry: Geometry, positions: number, target: LoweringTarget): WeightForm {
  const pointwise = isPointwise(geometry)
  // WebGPU in its NHWC layout computes a depthwise Conv with several outputs a channel wrongly; there one product of all
  // samples took half the time of one a sample.
  const onWebgpu = target.device === 'webgpu'
  const columns = pointwise ? 'none' : onWebgpu ? 'gather' : 'oneHot'
  if (geometry.group > 1 || (positions >= batchedFrom && !onWebgpu)) return { columns, product: 'batched' }
  return !pointwise && canJoin(geometry, target) ? { product: 'joined' } : { columns, product: 'gemm' }
}

/** The cheapest form of dX for `positions` output positions a sample. */
export function inputForm(geometry: Geometry, positions: number, target: LoweringTarget): InputForm {
  const { strides, group, kernel, pads, dilations } = geometry
  const reach = kernel.map((size, axis) => (size - 1) * dilations[axis]!)
  const isConvolution =
    group === 1 &&
    strides.every((stride) => stride === 1) &&
    pads.every((pad, axis) => pad <= reach[axis % kernel.length]!)
  if (!isConvolution) return 'convTranspose'
  const isLarge = positions >= flippedFrom
  if (target.device === 'webgpu' && isLarge && !isPointwise(geometry) && positions <= gatheredUpTo)
    return 'gathered'
  if (isLarge || isPointwise(geometry)) return 'flippedConv'
  return canJoin(geometry, target) ? 'joined' : 'convTranspose'
}

/** Joined columns take one dimension more, of which the CPU's `Conv` has up to three. */
function canJoin({ kernel, group }: Geometry, { device }: LoweringTarget): boolean {
  return device === 'cpu' && group === 1 && kernel.length <= 2
}

/** Whether every window is one position of the input itself. */
export function isPointwise({ kernel, pads }: Geometry): boolean {
  return kernel.every((size) => size === 1) && pads.every((pad) => pad === 0)
}
