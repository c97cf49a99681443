import { GraphError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import type { Dim, Node, Value } from '../graph/graph.ts'
import { axisOf } from './axis.ts'
import { expandAs } from './broadcast.ts'
import { cast } from './compare.ts'
import { constantInts, ints, like } from './constants.ts'
import { pad } from './pad.ts'
import type { OpDefinition } from './registry.ts'
import { reshape } from './reshape.ts'

/**
 * The slices of `x` at `indices` along `axis`: the axis is replaced by the dimensions of the indices (by none, for one
 * number). Negative indices count from the end. As `torch.index_select`, not `torch.gather`.
 *
 * @param indices - Numbers, or an int32 or int64 value (int32 stays on a GPU); those that are fed must lie inside of the
 * axis.
 * @throws {@link GraphError} for constant indices outside of the axis, or for indices that aren't whole numbers.
 * @see https://onnx.ai/onnx/operators/onnx__Gather.html
 */
export function gather(x: Value, indices: Value | readonly number[] | number, axis = 0): Value {
  const along = axisOf('gather', x, axis)
  const taken = indicesOf(x, indices)
  checkIndices(x, taken, along)
  const shape = [...x.shape.slice(0, along), ...taken.shape, ...x.shape.slice(along + 1)]
  return x.graph.add('Gather', [x, taken], { axis: { int: along } }, [{ dtype: x.dtype, shape }]).output()
}

function indicesOf(x: Value, indices: Value | readonly number[] | number): Value {
  const numbers = typeof indices === 'number' ? [indices] : indices
  if ('dtype' in numbers) return numbers
  if (!numbers.every(Number.isInteger))
    throw new GraphError(`gather of ${x.toString()}: indices [${numbers.join(', ')}] must be whole numbers`)
  if (typeof indices !== 'number') return ints(x.graph, numbers)
  return x.graph.constant(new Tensor('int64', BigInt64Array.from(numbers, BigInt), []))
}

function checkIndices(x: Value, indices: Value, axis: number): void {
  if (indices.dtype !== 'int64' && indices.dtype !== 'int32')
    throw new GraphError(`gather of ${x.toString()}: indices are ${indices.toString()}; give int32 or int64`)
  const size = x.shape[axis]!
  if (!indices.constant || typeof size !== 'number') return
  const outside = Array.from(indices.constant.data, Number).find((index) => index < -size || index >= size)
  if (outside === undefined) return
  throw new GraphError(
    `gather of ${x.toString()}: index ${outside} along axis ${axis} is not from ${-size} to ${size - 1}`,
  )
}

/**
 * Puts slice j of `y` at `positions[j]` of an axis of `size`, with zeros between: the gradient of taking distinct
 * positions. Each place reads its slice or, where there is none, one of zeros at the end: cheaper than a scatter, and
 * without atomics on the GPU.
 */
export function spread(y: Value, axis: number, positions: readonly number[], size: number): Value {
  const sources = new Array<number>(size).fill(positions.length)
  positions.forEach((position, index) => (sources[position] = index))
  return gather(positions.length === size ? y : pad(y, [0, 1], { axes: [axis] }), sources, axis)
}

/** Equal indices add up. */
function gatherGradient(node: Node, dy: Value): Value {
  const [x, indices] = [node.input(0), node.input(1)]
  const axis = axisOf('gather', x, node.int('axis', 0))
  const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)]
  const rows = reshape(dy, [...before, joined(indices.shape), ...after])
  const size = x.shape[axis]!
  if (indices.constant && typeof size === 'number') {
    const positions = constantInts(node, 1).map((index) => (index < 0 ? index + size : index))
    if (new Set(positions).size === positions.length) return spread(rows, axis, positions, size)
  }
  const column = reshape(narrow(indices), [
    ...before.map(() => 1),
    joined(indices.shape),
    ...after.map(() => 1),
  ])
  return x.graph
    .add(
      'ScatterElements',
      [expandAs(like(dy, 0), x), expandAs(column, rows), rows],
      { axis: { int: axis }, reduction: { string: 'add' } },
      [x],
    )
    .output()
}

/** As int32, which more of WebGPU's operators take than int64. */
function narrow(indices: Value): Value {
  const { constant } = indices
  if (!constant) return cast(indices, 'int32')
  return indices.graph.constant(new Tensor('int32', Int32Array.from(constant.data, Number), constant.shape))
}

/** The size of several dimensions as one. */
function joined(shape: readonly Dim[]): Dim {
  if (shape.length === 1) return shape[0]!
  if (shape.some((size) => typeof size === 'string')) return shape.join('·')
  return shape.reduce<number>((product, size) => product * Number(size), 1)
}

/** Definition of the gather. */
export const gatherOps: OpDefinition[] = [
  { type: 'Gather', gradient: (node, [dy]) => [gatherGradient(node, dy!), undefined] },
]
