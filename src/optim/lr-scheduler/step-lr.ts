import { checkRange } from '../optimizer.ts'
import { ChainableScheduler } from './chainable.ts'
import { checkInteger, type ChainableOptions } from './options.ts'
import type { HasParamGroups, SchedulerGroup } from './scheduler.ts'

/** Options of {@link StepLR}. */
export interface StepLROptions extends ChainableOptions {
  /** Epochs between two decays. */
  readonly stepSize: number
  /** Factor of each decay. Default: 0.1. */
  readonly gamma?: number | undefined
}

/**
 * Multiplies the learning rates by `gamma` every `stepSize` epochs.
 *
 * @throws {@link ArgumentError} for options out of range.
 * @see https://pytorch.org/docs/1.13/generated/torch.optim.lr_scheduler.StepLR.html
 */
export class StepLR extends ChainableScheduler<{ stepSize: number; gamma: number }> {
  constructor(optimizer: HasParamGroups, { stepSize, gamma = 0.1, lastEpoch }: StepLROptions) {
    checkInteger('stepSize', stepSize, 1)
    checkRange('gamma', gamma, 0)
    super(optimizer, { stepSize, gamma }, lastEpoch)
  }

  protected nextLr({ lr }: SchedulerGroup): number {
    const { stepSize, gamma } = this.settings
    return this.lastEpoch === 0 || this.lastEpoch % stepSize !== 0 ? lr : lr * gamma
  }
}
