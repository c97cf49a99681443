import { GraphError } from '../core/errors.ts'
import type { Attributes, Node, Value } from '../graph/graph.ts'
import { perDimension } from './conv-emit.ts'

/** How a window walks over the spatial dimensions; the same for convolutions and pools. */
export interface Geometry {
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  /** ONNX order: all beginnings, then all ends. */
  readonly pads: readonly number[]
  readonly dilations: readonly number[]
  readonly group: number
}

/** Options of windows. Each is one number for all spatial dimensions or a list with one for each. */
export interface WindowOptions {
  /** Default: 1 (for pools: the kernel). */
  readonly strides?: number | readonly number[] | undefined
  /** Zeros on both sides, as PyTorch's `padding`. Default: 0. */
  readonly padding?: number | readonly number[] | undefined
  /** ONNX's `pads` instead of `padding`, where the sides differ: all beginnings, then all ends. */
  readonly pads?: readonly number[] | undefined
  /** Default: 1. */
  readonly dilations?: number | readonly number[] | undefined
}

/** Completes the options of a window over `kernel`. */
export function geometryOf(
  kernel: readonly number[],
  options: WindowOptions,
  group = 1,
  stride: number | readonly number[] = 1,
): Geometry {
  const rank = kernel.length
  const padding = perDimension('padding', options.padding, rank, 0)
  const pads = options.pads ?? [...padding, ...padding]
  if (pads.length !== 2 * rank) {
    throw new GraphError(`pads has ${pads.length} numbers; give ${2 * rank}: the beginnings, then the ends`)
  }
  return {
    kernel,
    strides: perDimension('strides', options.strides ?? stride, rank, 1),
    pads,
    dilations: perDimension('dilations', options.dilations, rank, 1),
    group,
  }
}

/** The geometry as ONNX attributes. */
export function geometryAttributes({ kernel, strides, pads, dilations, group }: Geometry): Attributes {
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    pads: { ints: pads },
    dilations: { ints: dilations },
    group: { int: group },
  }
}

/** The geometry that {@link geometryAttributes} wrote. */
export function geometryOfNode(node: Node): Geometry {
  return {
    kernel: node.ints('kernel_shape'),
    strides: node.ints('strides'),
    pads: node.ints('pads'),
    dilations: node.ints('dilations'),
    group: node.int('group', 1),
  }
}

/** Input positions that one window spans, per dimension. */
export function extent({ kernel, dilations }: Geometry): number[] {
  return kernel.map((size, axis) => (size - 1) * dilations[axis]! + 1)
}

/** Padding of both sides together, per dimension. */
export function totalPads({ kernel, pads }: Geometry): number[] {
  return kernel.map((_, axis) => pads[axis]! + pads[axis + kernel.length]!)
}

/** Windows per dimension. Throws {@link GraphError} where not one fits into `x`. */
export function windowsOf(geometry: Geometry, sizes: readonly number[], x: Value): number[] {
  const spans = extent(geometry)
  const padded = totalPads(geometry)
  return sizes.map((size, axis) => {
    const room = size + padded[axis]! - spans[axis]!
    if (room < 0) {
      throw new GraphError(
        `a window of ${spans[axis]!} does not fit into dimension ${axis + 2} of ${x.toString()}, padded by ${padded[axis]!}`,
      )
    }
    return Math.floor(room / geometry.strides[axis]!) + 1
  })
}

/** Positions at the end that no window reaches: what a transposed convolution must add to get back to `sizes`. */
export function outputPadding(
  geometry: Geometry,
  sizes: readonly number[],
  windows: readonly number[],
): number[] {
  const spans = extent(geometry)
  const padded = totalPads(geometry)
  return sizes.map(
    (size, axis) => size + padded[axis]! - spans[axis]! - (windows[axis]! - 1) * geometry.strides[axis]!,
  )
}
