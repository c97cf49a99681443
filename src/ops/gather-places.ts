import { Tensor } from '../core/tensor.ts'
import type { Dim, Value } from '../graph/graph.ts'
import { emit } from './conv-emit.ts'
import { pad } from './pad.ts'

/** Of a place without a number that is to lose against every other. */
export const lowest = -3.4e38

/** `Gather` of `places` along `axis`, in which the place after the last holds `beyond`. */
export function gatherPlaces(x: Value, axis: number, places: ArrayLike<number>, beyond = 0): Value {
  const size = x.dim(axis)
  // int64 would leave the device of WebGPU.
  const data = Int32Array.from(places)
  if (data.length === size && data.every((place, index) => place === index)) return x
  const source = data.includes(size) ? pad(x, [0, 1], { axes: [axis], value: beyond }) : x
  const indices = x.graph.constant(new Tensor('int32', data, [data.length]))
  const shape: Dim[] = [...x.shape]
  shape[axis] = places.length
  return emit('Gather', [source, indices], shape, { axis: { int: axis } })
}
