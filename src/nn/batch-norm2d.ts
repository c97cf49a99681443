import { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'
import { batchNormInference, batchNormTraining } from '../ops/batch-norm.ts'
import { add, div, mul, sub } from '../ops/elementwise.ts'
import { constant } from './init.ts'
import { Module } from './module.ts'
import { ModuleBuffer } from './parameter.ts'
import { traceOf } from './trace.ts'

/** Options of {@link BatchNorm2d}. */
export interface BatchNorm2dOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number
  /** Weight of the *new* statistic. Default: 0.1. */
  readonly momentum?: number
}

/**
 * Normalises each channel of `[N, numFeatures, H, W]`. While training it uses the batch's statistics, also when its
 * parameters are frozen, and keeps running ones (the variance unbiased), as PyTorch does.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
 */
export class BatchNorm2d extends Module {
  readonly weight
  readonly bias
  readonly running_mean
  readonly running_var
  readonly num_batches_tracked = new ModuleBuffer(Tensor.zeros([], 'int64'))
  readonly eps: number
  readonly momentum: number

  constructor(
    readonly numFeatures: number,
    { eps = 1e-5, momentum = 0.1 }: BatchNorm2dOptions = {},
  ) {
    super()
    this.eps = eps
    this.momentum = momentum
    this.weight = constant([numFeatures], 1)
    this.bias = constant([numFeatures], 0)
    this.running_mean = new ModuleBuffer(Tensor.zeros([numFeatures]))
    this.running_var = new ModuleBuffer(Tensor.full([numFeatures], 1))
  }

  forward(x: Value): Value {
    const trace = traceOf(x)
    const [weight, bias] = [trace.parameter(this.weight), trace.parameter(this.bias)]
    const [mean, variance] = [trace.buffer(this.running_mean), trace.buffer(this.running_var)]
    const options = { eps: this.eps }
    if (!this.training) return batchNormInference(x, weight, bias, mean, variance, options)
    const batch = batchNormTraining(x, weight, bias, options)
    const count = countPerChannel(x)
    const unbiased = mul(batch.variance, div(count, sub(count, 1)))
    trace.update(this.running_mean, this.#blend(mean, batch.mean))
    trace.update(this.running_var, this.#blend(variance, unbiased))
    return batch.y
  }

  #blend(old: Value, batch: Value): Value {
    return add(mul(old, 1 - this.momentum), mul(batch, this.momentum))
  }
}

/** N · H · W as a scalar value. */
function countPerChannel(x: Value): Value {
  const positions = x.dim(2) * x.dim(3)
  const [batch] = x.shape
  return mul(x.graph.symbol(typeof batch === 'string' ? batch : 'N'), positions)
}
