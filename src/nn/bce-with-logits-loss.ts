import { ArgumentError, DTypeError, ShapeError } from '../core/errors.ts'
import { broadcastShapes, formatShape, sameShape } from '../core/shape.ts'
import { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'
import { logSoftmax } from '../ops/activations.ts'
import { add, mul, neg } from '../ops/elementwise.ts'
import { reduceSum } from '../ops/reduce.ts'
import { unsqueeze } from '../ops/reshape.ts'
import { checkReduction, reduced, type Reduction } from './reduction.ts'

/** Options of {@link BCEWithLogitsLoss}. */
export interface BCEWithLogitsLossOptions {
  /** A factor for each element's loss, float32, that broadcasts to one sample's outputs: `[classes]`. Default: 1. */
  readonly weight?: Tensor | undefined
  /** A factor for what positive targets contribute, float32, as `weight`: above 1 favours recall. Default: 1. */
  readonly posWeight?: Tensor | undefined
  /** Default: `'mean'` over all elements. */
  readonly reduction?: Reduction | undefined
}

/**
 * Binary cross-entropy of logits and float32 targets 0 … 1 of the same shape: for several labels a sample.
 *
 * @throws {@link ArgumentError} or {@link DTypeError} for options out of range.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
 *
 * @example
 * ```ts
 * import { Tensor, nn } from 'onnx-finetune'
 *
 * const criterion = new nn.BCEWithLogitsLoss({ posWeight: Tensor.from([3, 1, 1]) })
 * ```
 */
export class BCEWithLogitsLoss {
  static readonly name: string = 'BCEWithLogitsLoss'

  /** What sessions give it as labels. */
  readonly targetType = 'float'
  readonly weight: Tensor | undefined
  readonly posWeight: Tensor | undefined
  readonly reduction: Reduction

  constructor({ weight, posWeight, reduction = 'mean' }: BCEWithLogitsLossOptions = {}) {
    checkReduction('BCEWithLogitsLoss', reduction)
    for (const [name, tensor] of Object.entries({ weight, posWeight })) if (tensor) check(name, tensor)
    this.weight = weight
    this.posWeight = posWeight
    this.reduction = reduction
  }

  /**
   * Adds the loss, a float scalar, to the graph: −w · (p · y · log σ(x) + (1 − y) · log(1 − σ(x))).
   *
   * Both logarithms are the log-softmax of (x, 0): stable for large logits, and with a gradient at 0, where the
   * usual form with |x| has none.
   */
  loss(logits: Value, targets: Value): Value {
    for (const tensor of [this.weight, this.posWeight]) if (tensor) checkBroadcast(tensor, logits)
    const { graph } = logits
    const last = logits.rank
    const pair = mul(unsqueeze(logits, [last]), graph.constant(Tensor.from([1, 0])))
    const factors = graph.constant(factorsOf(this.posWeight ?? Tensor.from(1)))
    const target = add(mul(unsqueeze(targets, [last]), factors), graph.constant(Tensor.from([0, 1])))
    const losses = neg(reduceSum(mul(target, logSoftmax(pair)), [last]))
    return reduced(this.weight ? mul(losses, graph.constant(this.weight)) : losses, this.reduction)
  }
}

/** `[…, 2]`: the factors p and −1 of the target in p · y and 1 − y. */
function factorsOf({ data, shape }: Tensor): Tensor {
  const pairs = Float32Array.from({ length: 2 * data.length }, (_, index) =>
    index % 2 === 0 ? Number(data[index / 2]) : -1,
  )
  return new Tensor('float32', pairs, [...shape, 2])
}

function check(name: string, { dtype, data }: Tensor): void {
  if (dtype !== 'float32') throw new DTypeError(`${name} of BCEWithLogitsLoss must be float32, not ${dtype}`)
  if (data.some((value) => !(value >= 0))) {
    throw new ArgumentError(`${name} of BCEWithLogitsLoss must hold numbers ≥ 0`)
  }
}

function checkBroadcast({ shape }: Tensor, logits: Value): void {
  const sample = logits.shape.slice(1)
  try {
    if (sameShape(broadcastShapes<number | string>(sample, shape), sample)) return
  } catch {
    // Said below.
  }
  throw new ShapeError(
    `BCEWithLogitsLoss has a weight of shape ${formatShape(shape)}, which doesn't broadcast to a sample's outputs ${formatShape(sample)}`,
  )
}
