import { ArgumentError, ShapeError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'
import { batchNormInference, batchNormTraining } from '../ops/batch-norm.ts'
import { cast } from '../ops/compare.ts'
import { add, div, mul, sub, type Operand } from '../ops/elementwise.ts'
import { checkCount, checkEps } from './check-options.ts'
import { constant } from './init.ts'
import { Module } from './module.ts'
import { ModuleBuffer, type Parameter } from './parameter.ts'
import { traceOf, type Trace } from './trace.ts'

/** Options of {@link BatchNorm2d}. */
export interface BatchNorm2dOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number | undefined
  /** Weight of the *new* statistic; `null`: of all batches alike, their mean. Default: 0.1. */
  readonly momentum?: number | null | undefined
  /** Whether there are a weight and a bias. Default: true. */
  readonly affine?: boolean | undefined
  /** Whether running statistics are kept, and used in evaluation. Default: true. */
  readonly trackRunningStats?: boolean | undefined
}

/**
 * Normalises each channel of `[N, numFeatures, H, W]`. While training it uses the batch's statistics, also when its
 * parameters are frozen, and keeps running ones (the variance unbiased), as PyTorch does.
 *
 * @throws {@link ArgumentError} for options out of range.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
 */
export class BatchNorm2d extends Module {
  static override readonly name: string = 'BatchNorm2d'

  /** `[numFeatures]`, as are the others. */
  readonly weight?: Parameter
  readonly bias?: Parameter
  readonly running_mean?: ModuleBuffer
  readonly running_var?: ModuleBuffer
  /** Steps of training: an int64 scalar. */
  readonly num_batches_tracked?: ModuleBuffer
  readonly eps: number
  readonly momentum: number | null

  constructor(
    readonly numFeatures: number,
    options: BatchNorm2dOptions = {},
  ) {
    super()
    const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true } = options
    checkCount('BatchNorm2d', 'numFeatures', numFeatures)
    checkEps('BatchNorm2d', eps)
    if (momentum !== null && !(momentum >= 0 && momentum <= 1)) {
      throw new ArgumentError(`BatchNorm2d: momentum must be in 0 … 1 or null, not ${momentum}`)
    }
    this.eps = eps
    this.momentum = momentum
    if (affine) {
      this.weight = constant([numFeatures], 1)
      this.bias = constant([numFeatures], 0)
    }
    if (!trackRunningStats) return
    this.running_mean = new ModuleBuffer(Tensor.zeros([numFeatures]))
    this.running_var = new ModuleBuffer(Tensor.full([numFeatures], 1))
    this.num_batches_tracked = new ModuleBuffer(Tensor.zeros([], 'int64'))
  }

  forward(x: Value): Value {
    if (x.rank !== 4 || x.shape[1] !== this.numFeatures) {
      throw new ShapeError(`BatchNorm2d takes inputs [N, ${this.numFeatures}, H, W], not ${x.toString()}`)
    }
    const trace = traceOf(x)
    const [weight, bias] = [this.#affine(x, this.weight, 1), this.#affine(x, this.bias, 0)]
    const { running_mean: mean, running_var: variance } = this
    if (!this.training && mean && variance) {
      return batchNormInference(x, weight, bias, trace.buffer(mean), trace.buffer(variance), {
        eps: this.eps,
      })
    }
    if (x.dim(2) * x.dim(3) === 1) {
      trace.needBatch(
        this,
        2,
        `${x.toString()} has one value a channel and sample, of which there is no variance`,
      )
    }
    const batch = batchNormTraining(x, weight, bias, { eps: this.eps })
    if (mean && variance) {
      const blend = this.#blend(trace)
      blend(mean, batch.mean)
      blend(variance, mul(batch.variance, besselFactor(x)))
    }
    return batch.y
  }

  #affine(x: Value, parameter: Parameter | undefined, fallback: number): Value {
    if (parameter) return this.parameter(x, parameter)
    return x.graph.constant(Tensor.full([this.numFeatures], fallback))
  }

  /** running = (1 − momentum) · running + momentum · batch. Without a momentum it is 1 / batches so far. */
  #blend(trace: Trace): (buffer: ModuleBuffer, batch: Value) => void {
    let share: Operand = this.momentum ?? 0
    if (this.momentum === null) {
      const batches = add(trace.buffer(this.num_batches_tracked!), 1)
      trace.update(this.num_batches_tracked!, batches)
      share = div(1, cast(batches, 'float32'))
    }
    const rest = typeof share === 'number' ? 1 - share : sub(1, share)
    return (buffer, batch) => {
      trace.update(buffer, add(mul(trace.buffer(buffer), rest), mul(batch, share)))
    }
  }
}

/** M / (M − 1) for the M = N · H · W values of a channel. */
function besselFactor(x: Value): Operand {
  const positions = x.dim(2) * x.dim(3)
  const [batch] = x.shape
  if (typeof batch === 'number') return (batch * positions) / (batch * positions - 1)
  const count = mul(x.graph.symbol(batch!), positions)
  return div(count, sub(count, 1))
}
