import { ArgumentError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'
import { logSoftmax } from '../ops/activations.ts'
import { cast, equal } from '../ops/compare.ts'
import { add, mul, neg } from '../ops/elementwise.ts'
import { reduceMean, reduceSum } from '../ops/reduce.ts'
import { unsqueeze } from '../ops/reshape.ts'

/** Options of {@link CrossEntropyLoss}. */
export interface CrossEntropyLossOptions {
  /** Share of the target that is spread over all classes, 0 … 1. Default: 0. */
  readonly labelSmoothing?: number
  /** Default: `'mean'` over the batch. */
  readonly reduction?: 'mean' | 'sum'
}

/**
 * Cross-entropy of logits `[N, classes]` and int32 class indices `[N]`.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
 */
export class CrossEntropyLoss {
  readonly labelSmoothing: number
  readonly reduction: 'mean' | 'sum'

  constructor({ labelSmoothing = 0, reduction = 'mean' }: CrossEntropyLossOptions = {}) {
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new ArgumentError(`labelSmoothing must be in 0 … 1, not ${labelSmoothing}`)
    }
    this.labelSmoothing = labelSmoothing
    this.reduction = reduction
  }

  /** Adds the loss, a float scalar, to the graph. */
  loss(logits: Value, labels: Value): Value {
    const classes = logits.dim(1)
    const range = logits.graph.constant(
      new Tensor(
        'int32',
        Int32Array.from({ length: classes }, (_, k) => k),
        [1, classes],
      ),
    )
    const oneHot = cast(equal(unsqueeze(labels, [1]), range), logits.dtype)
    const smoothing = this.labelSmoothing
    const target = smoothing === 0 ? oneHot : add(mul(oneHot, 1 - smoothing), smoothing / classes)
    const perSample = neg(reduceSum(mul(target, logSoftmax(logits)), [1]))
    return this.reduction === 'mean' ? reduceMean(perSample) : reduceSum(perSample)
  }
}
