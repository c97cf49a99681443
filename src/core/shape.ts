import { ShapeError } from './errors.ts'

/** Sizes of each dimension, outermost first. A scalar has the shape `[]`. */
export type Shape = readonly number[]

/** Number of elements of `shape`; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** Row-major (C order) strides of `shape`, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= shape[axis] ?? 1
  }
  return strides
}

/** Whether two shapes have the same sizes. */
export function sameShape(a: readonly (number | string)[], b: readonly (number | string)[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis])
}

/**
 * The shape that `a` and `b` broadcast to, by NumPy's rule; symbolic sizes (strings) match themselves and 1.
 * Throws {@link ShapeError} where they don't.
 *
 * @see https://numpy.org/doc/stable/user/basics.broadcasting.html
 */
export function broadcastShapes<S extends number | string>(a: readonly S[], b: readonly S[]): S[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - (rank - a.length)] ?? (1 as S)
    const right = b[axis - (rank - b.length)] ?? (1 as S)
    if (left === right || right === 1) return left
    if (left === 1) return right
    throw new ShapeError(
      `shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: ${left} against ${right}`,
    )
  })
}

/** `[N, 3, 224, 224]`, for messages. */
export function formatShape(shape: readonly (number | string)[]): string {
  return `[${shape.join(', ')}]`
}
