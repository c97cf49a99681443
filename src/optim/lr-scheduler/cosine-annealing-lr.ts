import { checkRange } from '../optimizer.ts'
import { ChainableScheduler } from './chainable.ts'
import { checkInteger, type ChainableOptions } from './options.ts'
import type { HasParamGroups, SchedulerGroup } from './scheduler.ts'

/** Options of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions extends ChainableOptions {
  /** Epochs from the highest learning rate to the lowest: half a period. */
  readonly tMax: number
  /** The lowest learning rate. Default: 0. */
  readonly etaMin?: number | undefined
}

/**
 * Moves the learning rates along a cosine between their initial values and `etaMin`, and back up after `tMax`.
 *
 * @throws {@link ArgumentError} for options out of range.
 * @see https://pytorch.org/docs/1.13/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
 */
export class CosineAnnealingLR extends ChainableScheduler<{ tMax: number; etaMin: number }> {
  constructor(optimizer: HasParamGroups, { tMax, etaMin = 0, lastEpoch }: CosineAnnealingLROptions) {
    checkInteger('tMax', tMax, 1)
    checkRange('etaMin', etaMin, 0)
    super(optimizer, { tMax, etaMin }, lastEpoch)
  }

  protected nextLr({ lr }: SchedulerGroup, baseLr: number): number {
    const { tMax, etaMin } = this.settings
    const epoch = this.lastEpoch
    if (epoch === 0) return lr
    if (this.isFirstStep) return etaMin + ((baseLr - etaMin) * (1 + Math.cos((epoch * Math.PI) / tMax))) / 2
    // The epoch before stood at the lowest point, where the ratio below would be 0 / 0.
    if ((epoch - 1 - tMax) % (2 * tMax) === 0) {
      return lr + ((baseLr - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2
    }
    const height = (at: number): number => 1 + Math.cos((Math.PI * at) / tMax)
    return (height(epoch) / height(epoch - 1)) * (lr - etaMin) + etaMin
  }
}
