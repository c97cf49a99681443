import type { Value } from '../graph/graph.ts'
import { like } from './constants.ts'
import { einsum, emit, product, spatialShape } from './conv-emit.ts'
import { reduceMean, reduceSum } from './reduce.ts'
import type { LoweringTarget } from './registry.ts'

/** How batch normalisation sums `[N, C, …]` by channels. */
export interface ChannelSums {
  /** The mean over batch and positions: `[C]`. */
  mean(x: Value): Value
  /** Sums over the positions, of `x` or of its product with `other`: `[N, C]`. */
  perSample(x: Value, other?: Value): Value
  /** `[N, C]` → `[C]`. */
  batchSum(sums: Value): Value
  /** `[N, C]` → `[C]`. */
  batchMean(sums: Value): Value
}

/** The cheapest for a device. */
export function channelSums({ device }: LoweringTarget): ChannelSums {
  return device === 'webgpu' ? byEinsum : byReduction
}

/**
 * Summing over the positions of a product took a fifth of the time of a batched dot product (`MatMul` of
 * `[N, C, 1, HW]` and `[N, C, HW, 1]`) on the CPU, though the product is stored.
 */
const byReduction: ChannelSums = {
  mean: (x) =>
    reduceMean(
      x,
      x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis])),
    ),
  perSample(x, other) {
    const terms = other ? emit('Mul', [x, other], x.shape) : x
    const positions = x.shape.flatMap((_, axis) => (axis < 2 ? [] : [axis]))
    return x.rank > 2 ? reduceSum(terms, positions) : terms
  },
  batchSum: (sums) => reduceSum(sums, [0]),
  batchMean: (sums) => reduceMean(sums, [0]),
}

/**
 * WebGPU's reductions transpose their input first, and give each result a workgroup that waits for itself several times:
 * 30 ms for 2048 results on a software adapter. A term of `Einsum` is one loop; by rows first, there are enough of them.
 */
const byEinsum: ChannelSums = {
  mean(x) {
    const size = product(spatialShape(x))
    return emit('Mul', [this.batchMean(this.perSample(x)), like(x, 1 / size)], [x.dim(1)])
  },
  perSample(x, other) {
    const [terms, names] = [other ? [x, other] : [x], 'ncdefghi'.slice(0, x.rank)]
    const rows = names.slice(0, Math.max(2, x.rank - 1))
    const shape = x.shape.slice(0, rows.length)
    const sums = einsum(`${terms.map(() => names).join(',')}->${rows}`, terms, shape)
    return rows === 'nc' ? sums : einsum(`${rows}->nc`, [sums], x.shape.slice(0, 2))
  },
  batchSum: (sums) => einsum('nc->c', [sums], [sums.dim(1)]),
  batchMean(sums) {
    const count = sums.shape[0]!
    const divisor = typeof count === 'number' ? like(sums, count) : sums.graph.symbol(count)
    return emit('Div', [this.batchSum(sums), divisor], [sums.dim(1)])
  },
}
