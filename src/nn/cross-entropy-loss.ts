import { ArgumentError, DTypeError, ShapeError } from '../core/errors.ts'
import { formatShape } from '../core/shape.ts'
import { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'
import { logSoftmax } from '../ops/activations.ts'
import { cast, equal, greater, where } from '../ops/compare.ts'
import { like } from '../ops/constants.ts'
import { add, div, mul, neg, sub } from '../ops/elementwise.ts'
import { reduceSum } from '../ops/reduce.ts'
import { unsqueeze } from '../ops/reshape.ts'
import { checkReduction, type Reduction } from './reduction.ts'

/** Options of {@link CrossEntropyLoss}. */
export interface CrossEntropyLossOptions {
  /** A weight ≥ 0 for each class, float32 `[classes]`: for data with many more samples of one class. Default: all 1. */
  readonly weight?: Tensor | undefined
  /** Samples with this label don't count. Default: −100. */
  readonly ignoreIndex?: number | undefined
  /** Share of the target that is spread over all classes, 0 … 1. Default: 0. */
  readonly labelSmoothing?: number | undefined
  /** Default: `'mean'` over the samples that count, by the weights of their labels. */
  readonly reduction?: Reduction | undefined
}

/**
 * Cross-entropy of logits `[N, classes]` and int32 class indices `[N]`. The mean over no sample is NaN and its gradient
 * zero, as in PyTorch.
 *
 * @throws {@link ArgumentError} or {@link DTypeError} for options out of range.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
 *
 * @example
 * ```ts
 * import { Tensor, nn } from 'onnx-finetune'
 *
 * const criterion = new nn.CrossEntropyLoss({ weight: Tensor.from([0.3, 1]), labelSmoothing: 0.1 })
 * ```
 */
export class CrossEntropyLoss {
  static readonly name: string = 'CrossEntropyLoss'

  /** What sessions give it as labels. */
  readonly targetType = 'classIndices'
  readonly weight: Tensor | undefined
  readonly ignoreIndex: number
  readonly labelSmoothing: number
  readonly reduction: Reduction

  constructor(options: CrossEntropyLossOptions = {}) {
    const { weight, ignoreIndex = -100, labelSmoothing = 0, reduction = 'mean' } = options
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new ArgumentError(`labelSmoothing must be in 0 … 1, not ${labelSmoothing}`)
    }
    if (!Number.isInteger(ignoreIndex)) {
      throw new ArgumentError(`ignoreIndex must be a whole number, not ${ignoreIndex}`)
    }
    checkReduction('CrossEntropyLoss', reduction)
    if (weight) checkWeight(weight)
    this.weight = weight
    this.ignoreIndex = ignoreIndex
    this.labelSmoothing = labelSmoothing
    this.reduction = reduction
  }

  /** Adds the loss, a float scalar, to the graph. */
  loss(logits: Value, labels: Value): Value {
    const classes = logits.dim(1)
    if (this.weight && this.weight.size !== classes) {
      throw new ShapeError(
        `CrossEntropyLoss has a weight for ${this.weight.size} classes, but the model has ${classes} outputs: give each class one`,
      )
    }
    const counts = this.#counts(labels, logits)
    const hit = mul(oneHot(labels, logits), counts)
    const weighted = this.weight ? mul(hit, logits.graph.constant(this.weight)) : hit
    const target = this.#smoothed(weighted, counts, classes)
    // A logit of −∞ takes a class out of the choice: 0 · −∞ would be NaN.
    const logs = where(greater(target, 0), logSoftmax(logits), 0)
    const total = neg(reduceSum(mul(target, logs)))
    return this.reduction === 'sum' ? total : meanOf(total, reduceSum(weighted))
  }

  /** `[N, 1]`: 1 where the label isn't the ignored one, else 0. */
  #counts(labels: Value, logits: Value): Value {
    const ignored = equal(labels, labels.graph.constant(Tensor.full([], this.ignoreIndex, labels.dtype)))
    return unsqueeze(sub(1, cast(ignored, logits.dtype)), [1])
  }

  /** (1 − ε) · w of the label + ε / classes · w of every class. */
  #smoothed(weighted: Value, counts: Value, classes: number): Value {
    const smoothing = this.labelSmoothing
    if (smoothing === 0) return weighted
    const weights = this.weight ?? Tensor.full([classes], 1)
    const spread = mul(counts, mul(weighted.graph.constant(weights), smoothing / classes))
    return add(mul(weighted, 1 - smoothing), spread)
  }
}

/** `[N, classes]`: 1 at the label, else 0. */
function oneHot(labels: Value, logits: Value): Value {
  const classes = logits.dim(1)
  const indices = Int32Array.from({ length: classes }, (_, index) => index)
  const range = cast(labels.graph.constant(new Tensor('int32', indices, [1, classes])), labels.dtype)
  return cast(equal(unsqueeze(labels, [1]), range), logits.dtype)
}

/**
 * total / weight. Where the weight is 0, so is the total: dividing it by 1 instead keeps the gradient zero, and adding
 * 0 / 0 makes the value NaN.
 */
function meanOf(total: Value, weight: Value): Value {
  const isNone = cast(equal(weight, like(weight, 0)), weight.dtype)
  return add(div(total, add(weight, isNone)), sub(div(weight, weight), 1))
}

function checkWeight(weight: Tensor): void {
  if (weight.dtype !== 'float32') {
    throw new DTypeError(`the weight of CrossEntropyLoss must be float32, not ${weight.dtype}`)
  }
  if (weight.shape.length !== 1 || weight.data.some((value) => !(value >= 0))) {
    throw new ArgumentError(
      `the weight of CrossEntropyLoss must be a number ≥ 0 for each class, not ${formatShape(weight.shape)} ${weight.toString()}`,
    )
  }
}
