import type { Value } from '../graph/graph.ts'
import { mul, sub } from '../ops/elementwise.ts'
import { checkReduction, reduced, type Reduction } from './reduction.ts'

/** Options of {@link MSELoss}. */
export interface MSELossOptions {
  /** Default: `'mean'` over all elements. */
  readonly reduction?: Reduction | undefined
}

/**
 * Squared difference of outputs and float32 targets of the same shape.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
 */
export class MSELoss {
  static readonly name: string = 'MSELoss'

  /** What sessions give it as labels. */
  readonly targetType = 'float'
  readonly reduction: Reduction

  constructor({ reduction = 'mean' }: MSELossOptions = {}) {
    checkReduction('MSELoss', reduction)
    this.reduction = reduction
  }

  /** Adds the loss, a float scalar, to the graph. */
  loss(outputs: Value, targets: Value): Value {
    const difference = sub(outputs, targets)
    return reduced(mul(difference, difference), this.reduction)
  }
}
