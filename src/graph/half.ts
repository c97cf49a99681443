import { Tensor } from '../core/tensor.ts'
import { dataTypeOf } from './data-type.ts'
import type { Value } from './graph.ts'

/** The largest finite number of float16. */
export const largestHalf = 65_504

/** `value` (float32) rounded to float16; what is beyond its range becomes the largest number of that, and not infinite. */
export function halve(value: Value): Value {
  const { graph, dtype, shape } = value
  const bounds = [-largestHalf, largestHalf].map((bound) => graph.constant(Tensor.full([], bound)))
  const clipped = graph.add('Clip', [value, ...bounds], {}, [value]).output()
  const to = { to: { int: dataTypeOf('float16') } }
  return graph.add('Cast', [clipped], to, [{ dtype, shape, storage: 'float16' }]).output()
}

/** The numbers that are kept in float16, to compute with. */
export function widen(half: Value): Value {
  const { graph, dtype, shape } = half
  return graph.add('Cast', [half], { to: { int: dataTypeOf(dtype) } }, [{ dtype, shape }]).output()
}
