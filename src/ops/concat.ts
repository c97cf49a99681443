import { GraphError } from '../core/errors.ts'
import type { Value } from '../graph/graph.ts'
import { axisOf, fixedSize } from './axis.ts'
import { expandAs } from './broadcast.ts'
import { ints, like } from './constants.ts'
import type { OpDefinition } from './registry.ts'
import { slice } from './slice.ts'

/**
 * The values one after the other along `axis`; their other sizes must be equal.
 *
 * @throws {@link GraphError} if they don't fit, or if a size along `axis` is symbolic: that of the result would have no
 * name.
 * @see https://onnx.ai/onnx/operators/onnx__Concat.html
 */
export function concat(values: readonly Value[], axis: number): Value {
  const first = values[0]
  if (!first) throw new GraphError('concat needs at least one value')
  const along = axisOf('concat', first, axis)
  for (const value of values) checkFit(first, value, along)
  if (values.length === 1) return first
  const total = values.reduce((sum, value) => sum + fixedSize('concat', value, along), 0)
  const shape = first.shape.map((size, index) => (index === along ? total : size))
  return first.graph.add('Concat', values, { axis: { int: along } }, [{ dtype: first.dtype, shape }]).output()
}

function checkFit(first: Value, value: Value, axis: number): void {
  const fits =
    value.dtype === first.dtype &&
    value.rank === first.rank &&
    value.shape.every((size, index) => index === axis || size === first.shape[index])
  if (fits) return
  throw new GraphError(
    `concat of ${first.toString()} and ${value.toString()} along axis ${axis}: ` +
      'they need one element type, and the same sizes in all other dimensions',
  )
}

/**
 * Cuts `x` along `axis`, as `torch.split`.
 *
 * @param sizes - The size of each part, or one for all but the last, which gets what is left.
 * @throws {@link GraphError} if the sizes don't add up to that of the axis, or if that is symbolic.
 * @see https://onnx.ai/onnx/operators/onnx__Split.html
 */
export function split(x: Value, sizes: number | readonly number[], axis: number): Value[] {
  const along = axisOf('split', x, axis)
  const size = fixedSize('split', x, along)
  const parts = typeof sizes === 'number' ? evenly(size, sizes) : sizes
  const valid = parts.length > 0 && parts.every((part) => Number.isInteger(part) && part > 0)
  if (!valid || parts.reduce((sum, part) => sum + part, 0) !== size) {
    throw new GraphError(
      `split of ${x.toString()} along axis ${along} by ${typeof sizes === 'number' ? sizes : `[${sizes.join(', ')}]`}: ` +
        `give sizes from 1 on that add up to ${size}`,
    )
  }
  if (parts.length === 1) return [x]
  const outputs = parts.map((part) => ({
    dtype: x.dtype,
    shape: x.shape.map((full, index) => (index === along ? part : full)),
  }))
  return x.graph.add('Split', [x, ints(x.graph, parts)], { axis: { int: along } }, outputs).outputs
}

/** Parts of `part` elements; none if that is not a size, which the caller reports. */
function evenly(size: number, part: number): number[] {
  if (!Number.isInteger(part) || part < 1) return []
  return Array.from({ length: Math.ceil(size / part) }, (_, index) => Math.min(part, size - index * part))
}

/** Definitions of joining and cutting. */
export const concatOps: OpDefinition[] = [
  {
    type: 'Concat',
    gradient: (node, [dy], needs) => {
      const axis = axisOf('concat', dy!, node.int('axis', 0))
      let start = 0
      return node.inputs.map((_, index) => {
        const begin = start
        start += node.input(index).dim(axis)
        return needs[index] ? slice(dy!, [begin], [start], { axes: [axis] }) : undefined
      })
    },
  },
  {
    // A part that leads nowhere gets zeros.
    type: 'Split',
    gradient: (node, gradients) => [
      concat(
        node.outputs.map((output, index) => gradients[index] ?? expandAs(like(output, 0), output)),
        node.int('axis', 0),
      ),
      undefined,
    ],
  },
]
