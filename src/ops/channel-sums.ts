import type { Dim, Value } from '../graph/graph.ts'
import { like } from './constants.ts'
import { einsum, emit, product, spatialShape } from './conv-emit.ts'
import { mul } from './elementwise.ts'
import { reduceMean, reduceSum } from './reduce.ts'
import type { LoweringTarget } from './registry.ts'

/** Sums by channels of `x` `[N, C, …]`, or of its product with `other`: `[C]`. */
export interface ChannelSums {
  sum(x: Value, other?: Value): Value
  mean(x: Value, other?: Value): Value
}

/** The cheapest for a device. */
export function channelSums({ device }: LoweringTarget): ChannelSums {
  return device === 'webgpu' ? byEinsum : byReduction
}

/** How many values of `x` a channel has: a scalar. */
export function channelCount(x: Value): Value {
  const [positions, batch] = [product(spatialShape(x)), x.shape[0]!]
  return typeof batch === 'number' ? like(x, batch * positions) : mul(x.graph.symbol(batch), positions)
}

const byReduction: ChannelSums = {
  sum: (x, other) => reduceSum(perSample(x, other), [0]),
  mean(x, other) {
    const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]))
    if (!other) return reduceMean(x, axes)
    const sums = reduceMean(perSample(x, other), [0])
    return emit('Mul', [sums, like(x, 1 / product(spatialShape(x)))], sums.shape)
  },
}

/**
 * Sums over the positions: `[N, C]`. Of a product, this took a fifth of the time of a batched dot product (`MatMul` of
 * `[N, C, 1, HW]` and `[N, C, HW, 1]`) on the CPU, though the product is stored.
 */
function perSample(x: Value, other?: Value): Value {
  const terms = other ? emit('Mul', [x, other], x.shape) : x
  if (x.rank === 2) return terms
  return reduceSum(
    terms,
    x.shape.flatMap((_, axis) => (axis < 2 ? [] : [axis])),
  )
}

/**
 * WebGPU's reductions transpose their input first, and give each result a workgroup that waits for itself several times:
 * 30 ms for 2048 results on a software adapter. A term of `Einsum` is one loop; by rows first, there are enough of them.
 */
const byEinsum: ChannelSums = {
  sum: (x, other) => rowSums([x, ...(other ? [other] : [])], 'c', [x.dim(1)]),
  mean(x, other) {
    const sums = byEinsum.sum(x, other)
    return emit('Div', [sums, channelCount(x)], sums.shape)
  },
}

/** Mean over the positions, `[N, C, …]` → `[N, C]`, by `Einsum` too: WebGPU's pools take a microsecond an element there. */
export function meanOfPositions(x: Value): Value {
  const sums = rowSums([x], 'nc', x.shape.slice(0, 2))
  return emit('Mul', [sums, like(x, 1 / product(spatialShape(x)))], sums.shape)
}

/** Sums of the product of `terms` over the last dimension, then over all dimensions but those of `kept`. */
function rowSums(terms: readonly Value[], kept: 'c' | 'nc', shape: readonly Dim[]): Value {
  const [x] = terms as [Value]
  const names = 'ncdefghi'.slice(0, x.rank)
  const rows = names.slice(0, Math.max(2, x.rank - 1))
  const sums = einsum(`${terms.map(() => names).join(',')}->${rows}`, terms, x.shape.slice(0, rows.length))
  return rows === kept ? sums : einsum(`${rows}->${kept}`, [sums], shape)
}
