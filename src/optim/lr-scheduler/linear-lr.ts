import { ArgumentError } from '../../core/errors.ts'
import { ChainableScheduler } from './chainable.ts'
import { checkInteger, type ChainableOptions } from './options.ts'
import type { HasParamGroups, SchedulerGroup } from './scheduler.ts'

/** Options of {@link LinearLR}. */
export interface LinearLROptions extends ChainableOptions {
  /** Factor at epoch 0, in (0, 1]. Default: 1/3. */
  readonly startFactor?: number | undefined
  /** Factor from epoch `totalIters` on, in [0, 1]. Default: 1. */
  readonly endFactor?: number | undefined
  /** Epochs from one factor to the other. Default: 5. */
  readonly totalIters?: number | undefined
}

interface Settings {
  readonly startFactor: number
  readonly endFactor: number
  readonly totalIters: number
}

/**
 * Scales the learning rates by a factor that goes linearly from `startFactor` to `endFactor`: a warm-up.
 *
 * @throws {@link ArgumentError} for options out of range.
 * @see https://pytorch.org/docs/1.13/generated/torch.optim.lr_scheduler.LinearLR.html
 */
export class LinearLR extends ChainableScheduler<Settings> {
  static override readonly name: string = 'LinearLR'

  constructor(
    optimizer: HasParamGroups,
    { startFactor = 1 / 3, endFactor = 1, totalIters = 5, lastEpoch }: LinearLROptions = {},
  ) {
    // PyTorch 1.13 lets 0 pass here, and divides by it at the next step.
    if (!(startFactor > 0 && startFactor <= 1)) {
      throw new ArgumentError(`startFactor is ${startFactor}, but must be > 0 and ≤ 1`)
    }
    if (!(endFactor >= 0 && endFactor <= 1)) {
      throw new ArgumentError(`endFactor is ${endFactor}, but must be ≥ 0 and ≤ 1`)
    }
    checkInteger('totalIters', totalIters, 1)
    super(optimizer, { startFactor, endFactor, totalIters }, lastEpoch)
  }

  protected nextLr({ lr }: SchedulerGroup): number {
    const { startFactor, endFactor, totalIters } = this.settings
    if (this.lastEpoch === 0) return lr * startFactor
    if (this.lastEpoch > totalIters) return lr
    const slope = endFactor - startFactor
    return lr * (1 + slope / (totalIters * startFactor + (this.lastEpoch - 1) * slope))
  }

  protected override startLr(_: SchedulerGroup, baseLr: number): number {
    return baseLr * this.settings.startFactor
  }
}
