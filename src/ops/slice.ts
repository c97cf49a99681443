import { GraphError } from '../core/errors.ts'
import type { Dim, Node, Value } from '../graph/graph.ts'
import { axesOf, fixedSize } from './axis.ts'
import { constantInts, ints } from './constants.ts'
import { gather, spread } from './gather.ts'
import { pad } from './pad.ts'
import type { OpDefinition } from './registry.ts'

/** Options of {@link slice}. */
export interface SliceOptions {
  /** The axes that `starts` and `ends` are for. Default: the first ones. */
  readonly axes?: readonly number[] | undefined
  /** Distance between the elements taken; negative: backwards. Default: 1. */
  readonly steps?: readonly number[] | undefined
}

/** What is taken of one axis, as positions in it. */
interface Range {
  readonly axis: number
  readonly start: number
  readonly step: number
  readonly count: Dim
}

/**
 * Every `step`-th element from `starts` to before `ends`. Both count from the end if negative and are cut to the size,
 * as in ONNX and Python: `Infinity` is the end, and with a negative step `-Infinity` is the beginning.
 *
 * @throws {@link GraphError} if nothing is left, or if a part is taken of an axis with a symbolic size.
 * @see https://onnx.ai/onnx/operators/onnx__Slice.html
 */
export function slice(
  x: Value,
  starts: readonly number[],
  ends: readonly number[],
  { axes = starts.map((_, axis) => axis), steps = starts.map(() => 1) }: SliceOptions = {},
): Value {
  const ranges = rangesOf(x, starts, ends, axes, steps)
  const parts = ranges.filter(({ axis, step, count }) => step !== 1 || count !== x.shape[axis])
  const forward = parts.filter(({ step }) => step > 0)
  return parts
    .filter(({ step }) => step < 0)
    .reduce((y, range) => gather(y, positionsOf(range), range.axis), forwards(x, forward))
}

/** Backwards it is a Gather: on WebGPU a Slice with a negative step starts at the last element, whatever its start. */
function forwards(x: Value, ranges: readonly Range[]): Value {
  if (ranges.length === 0) return x
  const inputs = [
    ranges.map(({ start }) => start),
    ranges.map((range) => positionsOf(range).at(-1)! + 1),
    ranges.map(({ axis }) => axis),
    ranges.map(({ step }) => step),
  ]
  const shape = [...x.shape]
  for (const { axis, count } of ranges) shape[axis] = count
  const output = { dtype: x.dtype, shape }
  return x.graph.add('Slice', [x, ...inputs.map((numbers) => ints(x.graph, numbers))], {}, [output]).output()
}

function positionsOf({ start, step, count }: Range): number[] {
  return Array.from({ length: Number(count) }, (_, index) => start + index * step)
}

function rangesOf(
  x: Value,
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[],
  steps: readonly number[],
): Range[] {
  const lengths = [starts, ends, axes, steps].map(({ length }) => length)
  if (new Set(lengths).size > 1) {
    throw new GraphError(
      `slice of ${x.toString()}: starts, ends, axes and steps have ${lengths.join(', ')} numbers; give as many of each`,
    )
  }
  return axesOf('slice', x, axes).map((axis, index) =>
    rangeOf(x, axis, starts[index]!, ends[index]!, steps[index]!),
  )
}

/** The ends of hand-made nodes that mean "to the end", whatever the size: ONNX advises INT64_MAX; some write INT32_MAX. */
const beyond = 2 ** 31 - 1

function rangeOf(x: Value, axis: number, start: number, end: number, step: number): Range {
  if (!Number.isInteger(step) || step === 0)
    throw new GraphError(`slice of ${x.toString()}: step ${step} must be a whole number other than 0`)
  const whole = start === 0 && end >= beyond && step === 1
  if (whole) return { axis, start, step, count: x.shape[axis]! }
  const size = fixedSize('slice', x, axis)
  const [lowest, highest] = step > 0 ? [0, size] : [-1, size - 1]
  const clamp = (position: number, floor: number): number =>
    Math.min(Math.max(position < 0 ? position + size : position, floor), highest)
  const [first, stop] = [clamp(start, 0), clamp(end, lowest)]
  const count = Math.ceil((stop - first) / step)
  // Also where a start or an end is NaN or a fraction.
  if (count > 0 && Number.isInteger(first) && Number.isInteger(stop))
    return { axis, start: first, step, count }
  throw new GraphError(
    `slice of ${x.toString()} along axis ${axis} from ${start} to ${end} by ${step} takes nothing; ` +
      'give whole numbers that take at least one element',
  )
}

/** The gradient lies where its elements came from, among zeros. */
function sliceGradient(node: Node, dy: Value): Value {
  const x = node.input(0)
  const [starts, ends] = [constantInts(node, 1), constantInts(node, 2)]
  const axes = node.inputs[3] ? constantInts(node, 3) : starts.map((_, axis) => axis)
  const steps = node.inputs[4] ? constantInts(node, 4) : starts.map(() => 1)
  const ranges = rangesOf(x, starts, ends, axes, steps).filter(({ count }) => typeof count === 'number')
  const adjacent = ranges.filter(({ step }) => step === 1)
  const apart = ranges.filter(({ step }) => step !== 1)
  const spaced = apart.reduce((y, range) => spread(y, range.axis, positionsOf(range), x.dim(range.axis)), dy)
  const before = adjacent.map(({ start }) => start)
  const after = adjacent.map(({ axis, start, count }) => x.dim(axis) - start - Number(count))
  return pad(spaced, [...before, ...after], { axes: adjacent.map(({ axis }) => axis) })
}

/** Definition of the slice. */
export const sliceOps: OpDefinition[] = [
  { type: 'Slice', gradient: (node, [dy]) => [sliceGradient(node, dy!)] },
]
