import { GraphError } from '../core/errors.ts'
import type { Value } from '../graph/graph.ts'

/**
 * Maps an axis, counted from the end if negative, to `0 … rank - 1`. `operation` is for the message.
 *
 * @throws {@link GraphError} outside of the rank.
 */
export function axisOf(operation: string, x: Value, axis: number, rank = x.rank): number {
  const positive = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || positive < 0 || positive >= rank) {
    throw new GraphError(
      `${operation} of ${x.toString()}: axis ${axis} is not a whole number from ${-rank} to ${rank - 1}`,
    )
  }
  return positive
}

/** As {@link axisOf}, for several axes, which must differ. */
export function axesOf(operation: string, x: Value, axes: readonly number[], rank = x.rank): number[] {
  const positive = axes.map((axis) => axisOf(operation, x, axis, rank))
  if (new Set(positive).size < positive.length) {
    throw new GraphError(
      `${operation} of ${x.toString()}: axes [${axes.join(', ')}] name one twice; name each once`,
    )
  }
  return positive
}

/**
 * The size along `axis`, which must be a number.
 *
 * @throws {@link GraphError} if it is symbolic.
 */
export function fixedSize(operation: string, x: Value, axis: number): number {
  const size = x.shape[axis]!
  if (typeof size === 'number') return size
  throw new GraphError(
    `${operation} of ${x.toString()} along axis ${axis}: the size ${size} is known only when the graph runs, ` +
      'so that of the result is not known either; use another axis, or give the input a fixed size',
  )
}
