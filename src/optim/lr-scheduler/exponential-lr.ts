import { checkRange } from '../optimizer.ts'
import { ChainableScheduler } from './chainable.ts'
import type { ChainableOptions } from './options.ts'
import type { HasParamGroups, SchedulerGroup } from './scheduler.ts'

/** Options of {@link ExponentialLR}. */
export interface ExponentialLROptions extends ChainableOptions {
  /** Factor of each epoch. */
  readonly gamma: number
}

/**
 * Multiplies the learning rates by `gamma` every epoch.
 *
 * @throws {@link ArgumentError} for options out of range.
 * @see https://pytorch.org/docs/1.13/generated/torch.optim.lr_scheduler.ExponentialLR.html
 */
export class ExponentialLR extends ChainableScheduler<{ gamma: number }> {
  constructor(optimizer: HasParamGroups, { gamma, lastEpoch }: ExponentialLROptions) {
    checkRange('gamma', gamma, 0)
    super(optimizer, { gamma }, lastEpoch)
  }

  protected nextLr({ lr }: SchedulerGroup): number {
    return this.lastEpoch === 0 ? lr : lr * this.settings.gamma
  }
}
