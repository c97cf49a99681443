import { ArgumentError } from '../core/errors.ts'
import type { Value } from '../graph/graph.ts'
import { reduceMean, reduceSum } from '../ops/reduce.ts'

/** How a loss makes one number of many. PyTorch's `'none'` makes none: a training step needs the number. */
export type Reduction = 'mean' | 'sum'

/** Throws {@link ArgumentError} for a reduction that there isn't. */
export function checkReduction(loss: string, reduction: string): void {
  if (reduction === 'mean' || reduction === 'sum') return
  throw new ArgumentError(
    `${loss} has no reduction '${reduction}': use 'mean' or 'sum', since a step is taken on one number`,
  )
}

/** The mean or the sum of all elements, as a scalar. */
export function reduced(losses: Value, reduction: Reduction): Value {
  return reduction === 'mean' ? reduceMean(losses) : reduceSum(losses)
}
