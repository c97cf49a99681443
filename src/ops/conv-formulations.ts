import { product } from './conv-emit.ts'
import type { Geometry } from './conv-geometry.ts'
import { tilesOf, winograd2, winograd4, type Winograd } from './conv-winograd.ts'
import type { LoweringTarget } from './registry.ts'

/**
 * Which ONNX operators a convolution and its gradients are written in. The thresholds lie between the shapes of
 * ResNet-18 at batch 4 on two cores with AVX-512, timed by `bench/ops.ts`. The choice stands in this one file.
 */

/** How windows become columns: not at all (1×1), or by a depthwise one-hot `Conv`. */
export type ColumnsForm = 'none' | 'oneHot'

/** How the weights' gradient is written. */
export type WeightForm =
  /** One product a sample and a sum over the batch, or one `Gemm` over batch and positions together. */
  | { readonly product: 'batched' | 'gemm'; readonly columns: ColumnsForm }
  /** One `Gemm` with columns that are made for it, or picked by `Gather`. */
  | { readonly product: 'joined' }
  | { readonly product: 'gathered' }

/**
 * How the convolution itself is written: `Conv`, a product with columns a sample, or one for the batch, with columns made
 * for it (`'joined'`) or picked by `Gather`.
 */
export type ForwardForm = 'conv' | 'columns' | 'joined' | 'gathered'

/**
 * How the input's gradient is written: `'joined'` and `'gathered'` are one product of swapped weights and columns of dy,
 * `'scattered'` one of the weights and dy, whose columns then add up.
 */
export type InputForm = 'convTranspose' | 'flippedConv' | 'joined' | 'gathered' | 'scattered'

/** From so many positions on, transposing the columns costs more than summing a product for each sample. */
const batchedFrom = 500

/** Up to so many positions, a product with columns beats `Conv`, which can't prepack weights that change. */
const columnsUpTo = 256

/** Up to so many positions, each sample's product is too narrow: reading the weights takes most of its time. */
const joinedUpTo = 100

/** From so many positions on, `Conv` with flipped weights beats `ConvTranspose`, whose col2im is serial. */
const flippedFrom = 500

/** Up to so many numbers a sample in its columns (8 MB), WebGPU gathers them. A few more samples fill a buffer. */
const gatheredUpTo = 2 ** 21

/** Up to so many positions a sample, WebGPU's `Einsum` takes no more for dW than `Gemm`, in Node a quarter. */
export const einsumUpTo = 4

/**
 * Whether WebGPU's `Einsum` takes less than its `Gemm`, whose tiles are 32 by 32 and 32 terms deep. In Chromium, which checks
 * each access to memory, it does so only for very few.
 */
export const isNarrow = (outputs: number, terms: number): boolean => outputs <= 16 && terms <= 64

/** What the choice depends on, besides the geometry. */
export interface Work {
  /** Of the image that the windows walk over. */
  readonly channels: number
  /** Windows a sample. */
  readonly positions: number
}

/** The cheapest form of a convolution with weights that change. */
export function forwardForm(geometry: Geometry, work: Work, target: LoweringTarget): ForwardForm {
  if (target.device === 'webgpu') return canGather(geometry, work) ? 'gathered' : 'conv'
  const small = target.device === 'cpu' && geometry.group === 1 && work.positions <= columnsUpTo
  if (!small || isPointwise(geometry)) return 'conv'
  return work.positions <= joinedUpTo && canJoin(geometry, target) ? 'joined' : 'columns'
}

/** The cheapest form of dW. */
export function weightForm(geometry: Geometry, work: Work, target: LoweringTarget): WeightForm {
  const pointwise = isPointwise(geometry)
  if (target.device === 'webgpu' && canGather(geometry, work)) return { product: 'gathered' }
  const columns = pointwise ? 'none' : 'oneHot'
  if (geometry.group > 1 || work.positions >= batchedFrom) return { columns, product: 'batched' }
  return !pointwise && canJoin(geometry, target) ? { product: 'joined' } : { columns, product: 'gemm' }
}

/** The cheapest form of dX for `positions` output positions a sample. */
export function inputForm(geometry: Geometry, work: Work, target: LoweringTarget): InputForm {
  const { strides, group, kernel, pads, dilations } = geometry
  const reach = kernel.map((size, axis) => (size - 1) * dilations[axis]!)
  const isConvolution =
    group === 1 &&
    strides.every((stride) => stride === 1) &&
    pads.every((pad, axis) => pad <= reach[axis % kernel.length]!)
  if (target.device === 'webgpu' && canGather(geometry, work)) return isConvolution ? 'gathered' : 'scattered'
  if (!isConvolution) return 'convTranspose'
  if (work.positions >= flippedFrom || isPointwise(geometry)) return 'flippedConv'
  return canJoin(geometry, target) ? 'joined' : 'convTranspose'
}

function canGather({ group, kernel }: Geometry, { channels, positions }: Work): boolean {
  return group === 1 && channels * positions * product(kernel) <= gatheredUpTo
}

/** With fewer tiles a sample, the rows of each product are too few for `Gemm`'s own tiles of 32. */
const winogradFrom = 8

/** With fewer channels on either side, its additions take what is spared of the products. */
const winogradChannels = 64

/** Winograd's form that is cheaper than one product over all taps, where there are three, one apart, in the last dimension. */
export function winogradFor(
  geometry: Geometry,
  channels: { readonly in: number; readonly out: number },
  windows: readonly number[],
): Winograd | undefined {
  const isPlain = [geometry.strides, geometry.dilations].every((list) => list.at(-1) === 1)
  if (geometry.kernel.at(-1) !== 3 || !isPlain || channels.in % 4 !== 0) return
  if (Math.min(channels.in, channels.out) < winogradChannels) return
  return [winograd4, winograd2].find(
    (form) => windows.at(-1)! >= form.size && product(tilesOf(windows, form)) >= winogradFrom,
  )
}

/** With fewer tiles a sample, the products of the weights' gradient are too short: it has twice as many numbers as the weights. */
const winogradWeightsFrom = 32

/** The same for the weights' gradient, whose products are as long as there are tiles. */
export function winogradForWeights(
  geometry: Geometry,
  channels: { readonly in: number; readonly out: number },
  windows: readonly number[],
): Winograd | undefined {
  const form = winogradFor(geometry, channels, windows)
  return form && product(tilesOf(windows, form)) >= winogradWeightsFrom ? form : undefined
}

/** Joined columns take one dimension more, of which the CPU's `Conv` has up to three. */
function canJoin({ kernel, group }: Geometry, { device }: LoweringTarget): boolean {
  return device === 'cpu' && group === 1 && kernel.length <= 2
}

/** Whether every window is one position of the input itself. */
export function isPointwise({ kernel, pads }: Geometry): boolean {
  return kernel.every((size) => size === 1) && pads.every((pad) => pad === 0)
}
