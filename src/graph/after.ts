import { Tensor } from '../core/tensor.ts'
import type { Value } from './graph.ts'

/**
 * `value` `['N', …fixed sizes]`, but not before `token` `['N', …]` is there. What is computed from it a second time, in
 * the backward pass, ONNX Runtime could else compute early, and would merge with the first time as a common
 * subexpression. `Reshape` to its own shape copies nothing and leaves every bit; that the batch's size is read from
 * `token` is a dependency that no optimizer can fold away while it is symbolic.
 */
export function after(value: Value, token: Value): Value {
  const { graph, shape } = value
  const int64 = (size: number) => [{ dtype: 'int64' as const, shape: [size] }]
  const sizes = BigInt64Array.from(shape.slice(1), (size) => BigInt(size))
  const rest = graph.constant(new Tensor('int64', sizes, [sizes.length]))
  const batch = graph.add('Shape', [token], { start: { int: 0 }, end: { int: 1 } }, int64(1)).output()
  const target = graph.add('Concat', [batch, rest], { axis: { int: 0 } }, int64(shape.length)).output()
  return graph.add('Reshape', [value, target], {}, [value]).output()
}
