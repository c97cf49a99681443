import { checkRange } from '../optimizer.ts'
import { ChainableScheduler } from './chainable.ts'
import { checkInteger, type ChainableOptions } from './options.ts'
import type { HasParamGroups, SchedulerGroup } from './scheduler.ts'

/** Options of {@link MultiStepLR}. */
export interface MultiStepLROptions extends ChainableOptions {
  /** The epochs at which to decay; one that stands here twice decays twice. */
  readonly milestones: readonly number[]
  /** Factor of each decay. Default: 0.1. */
  readonly gamma?: number | undefined
}

interface Settings {
  readonly milestones: readonly number[]
  readonly gamma: number
}

/**
 * Multiplies the learning rates by `gamma` at each of the `milestones`.
 *
 * @throws {@link ArgumentError} for options out of range.
 * @see https://pytorch.org/docs/1.13/generated/torch.optim.lr_scheduler.MultiStepLR.html
 */
export class MultiStepLR extends ChainableScheduler<Settings> {
  static override readonly name: string = 'MultiStepLR'

  constructor(optimizer: HasParamGroups, { milestones, gamma = 0.1, lastEpoch }: MultiStepLROptions) {
    for (const milestone of milestones) checkInteger('a milestone', milestone, 0)
    checkRange('gamma', gamma, 0)
    super(optimizer, { milestones: [...milestones], gamma }, lastEpoch)
  }

  protected nextLr({ lr }: SchedulerGroup): number {
    return lr * decay(this.settings, (milestone) => milestone === this.lastEpoch)
  }

  protected override startLr(_: SchedulerGroup, baseLr: number): number {
    return baseLr * decay(this.settings, (milestone) => milestone <= 0)
  }
}

function decay({ milestones, gamma }: Settings, applies: (milestone: number) => boolean): number {
  return gamma ** milestones.filter(applies).length
}
