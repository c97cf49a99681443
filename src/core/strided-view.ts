/** Typed arrays a view can look at. */
export type ViewData = ArrayLike<number> | ArrayLike<bigint>

/**
 * A view of a typed array: element `[i, j, …]` is `data[offset + i · stride[0] + j · stride[1] + …]`, so that cropping, flipping
 * and transposing move no memory. It has the fields and methods of the package `ndarray`, and may be given to what takes those.
 * That package itself compiles a class for each kind of view by `new Function`, which the Content-Security-Policy of a page forbids.
 *
 * @see https://github.com/scijs/ndarray
 */
export class StridedView<D extends ViewData = ViewData> {
  shape: number[]
  stride: number[]

  constructor(
    public data: D,
    shape: readonly number[],
    stride: readonly number[] = packedStride(shape),
    public offset = 0,
  ) {
    this.shape = [...shape]
    this.stride = [...stride]
  }

  /** Number of axes. */
  get dimension(): number {
    return this.shape.length
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((product, length) => product * length, 1)
  }

  /** Where an element is in `data`. */
  index(...position: readonly number[]): number {
    let at = this.offset
    for (let axis = 0; axis < position.length; axis++) at += position[axis]! * this.stride[axis]!
    return at
  }

  /** An element's value. */
  get(...position: readonly number[]): D[number] {
    return this.data[this.index(...position)]!
  }

  /** Sets an element: the position, then the value. */
  set(...positionAndValue: readonly [...position: number[], value: D[number]]): void {
    const position = positionAndValue.slice(0, -1) as number[]
    const data = this.data as Record<number, D[number]>
    data[this.index(...position)] = positionAndValue.at(-1)!
  }

  /** Without the first elements of each axis, as many as given. */
  lo(...starts: readonly (number | null)[]): StridedView<D> {
    const skipped = this.shape.map((_, axis) => Math.max(starts[axis] ?? 0, 0))
    const shape = this.shape.map((length, axis) => length - skipped[axis]!)
    return new StridedView(this.data, shape, this.stride, this.index(...skipped))
  }

  /** The first elements of each axis, as many as given; all where it is `null`. */
  hi(...lengths: readonly (number | null)[]): StridedView<D> {
    const shape = this.shape.map((length, axis) => lengths[axis] ?? length)
    return new StridedView(this.data, shape, this.stride, this.offset)
  }

  /** Each `step`th element of each axis, from the end if it is negative. */
  step(...steps: readonly (number | null)[]): StridedView<D> {
    const by = this.shape.map((_, axis) => steps[axis] ?? 1)
    const first = by.map((step, axis) => (step < 0 ? this.shape[axis]! - 1 : 0))
    const shape = this.shape.map((length, axis) => Math.ceil(length / Math.abs(by[axis]!)))
    const stride = this.stride.map((step, axis) => step * by[axis]!)
    return new StridedView(this.data, shape, stride, this.index(...first))
  }

  /** The axes in another order: new axis `i` is `axes[i]`. */
  transpose(...axes: readonly number[]): StridedView<D> {
    const order = this.shape.map((_, axis) => axes[axis] ?? axis)
    const shape = order.map((axis) => this.shape[axis]!)
    const stride = order.map((axis) => this.stride[axis]!)
    return new StridedView(this.data, shape, stride, this.offset)
  }

  /** Without the axes of which one element is picked; `null` or −1 keeps an axis. */
  pick(...position: readonly (number | null)[]): StridedView<D> {
    const picked = this.shape.map((_, axis) => position[axis] ?? -1)
    const kept = (_: number, axis: number) => picked[axis]! < 0
    const offset = this.index(...picked.map((at) => Math.max(at, 0)))
    return new StridedView(this.data, this.shape.filter(kept), this.stride.filter(kept), offset)
  }
}

function packedStride(shape: readonly number[]): number[] {
  const stride = new Array<number>(shape.length)
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    stride[axis] = step
    step *= shape[axis]!
  }
  return stride
}
