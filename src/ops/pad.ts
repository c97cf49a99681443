import { GraphError } from '../core/errors.ts'
import type { Value } from '../graph/graph.ts'
import { axesOf, fixedSize } from './axis.ts'
import { ints, like } from './constants.ts'
import { padGradient } from './pad-gradient.ts'
import type { OpDefinition } from './registry.ts'

/** What stands in the padding: a value, the inside mirrored without its border, or the border itself. */
export type PadMode = 'constant' | 'reflect' | 'edge'

/** Options of {@link pad}. */
export interface PadOptions {
  /** Default: `'constant'`. PyTorch's `'replicate'` is `'edge'`. */
  readonly mode?: PadMode | undefined
  /** What mode `'constant'` fills in: a number or a scalar of `x`'s dtype. Default: 0. */
  readonly value?: Value | number | undefined
  /** The axes that `pads` is for. Default: all. */
  readonly axes?: readonly number[] | undefined
}

/**
 * Adds elements before and after those of each axis.
 *
 * @param pads - How many, in ONNX's order (not `F.pad`'s): before each axis, then after each axis.
 * @throws {@link GraphError} for negative numbers (use `slice`), more than a mode has elements for, or padding of an axis
 * with a symbolic size.
 * @see https://onnx.ai/onnx/operators/onnx__Pad.html
 */
export function pad(
  x: Value,
  pads: readonly number[],
  { mode = 'constant', value = 0, axes = x.shape.map((_, axis) => axis) }: PadOptions = {},
): Value {
  const padded = axesOf('pad', x, axes)
  checkPads(x, pads, padded)
  if (pads.every((count) => count === 0)) return x
  const [before, after] = [x.shape.map(() => 0), x.shape.map(() => 0)]
  padded.forEach((axis, index) => {
    before[axis] = pads[index]!
    after[axis] = pads[index + padded.length]!
  })
  const shape = x.shape.map((size, axis) => {
    const [first, last] = [before[axis]!, after[axis]!]
    return first + last === 0 ? size : first + checkedSize(x, axis, Math.max(first, last), mode) + last
  })
  const inputs = [x, ints(x.graph, [...before, ...after])]
  if (mode === 'constant') inputs.push(typeof value === 'number' ? like(x, value) : value)
  return x.graph.add('Pad', inputs, { mode: { string: mode } }, [{ dtype: x.dtype, shape }]).output()
}

function checkPads(x: Value, pads: readonly number[], axes: readonly number[]): void {
  if (pads.length === 2 * axes.length && pads.every((count) => Number.isInteger(count) && count >= 0)) return
  throw new GraphError(
    `pad of ${x.toString()} by [${pads.join(', ')}]: give ${2 * axes.length} whole numbers from 0 on, ` +
      `those before the axes [${axes.join(', ')}] and those after them; slice takes elements away`,
  )
}

/** The size of a padded axis, which must have enough elements for the mode. */
function checkedSize(x: Value, axis: number, most: number, mode: PadMode): number {
  const size = fixedSize('pad', x, axis)
  if (mode !== 'reflect' || most < size) return size
  throw new GraphError(
    `pad of ${x.toString()} by ${most} along axis ${axis} in mode reflect: its size ${size} has a reflection of ` +
      `${size - 1} elements; pad by no more, or in mode edge`,
  )
}

/** Definition of the padding. */
export const padOps: OpDefinition[] = [{ type: 'Pad', gradient: padGradient }]
