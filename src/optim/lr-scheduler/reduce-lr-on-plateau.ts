import { ArgumentError } from '../../core/errors.ts'
import { checkRange } from '../optimizer.ts'
import { checkChoice, checkInteger, perGroup } from './options.ts'
import type { HasParamGroups, LRScheduler, SchedulerState } from './scheduler.ts'
import { checkState } from './state.ts'

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Whether the metric is better when lower or when higher. Default: `'min'`. */
  readonly mode?: 'min' | 'max' | undefined
  /** Factor of each reduction, below 1. Default: 0.1. */
  readonly factor?: number | undefined
  /** Epochs without improvement to wait before reducing. Default: 10. */
  readonly patience?: number | undefined
  /** What counts as an improvement. Default: 1e-4. */
  readonly threshold?: number | undefined
  /** Whether `threshold` is relative to the best value or absolute. Default: `'rel'`. */
  readonly thresholdMode?: 'rel' | 'abs' | undefined
  /** Epochs after a reduction in which none is counted. Default: 0. */
  readonly cooldown?: number | undefined
  /** The lowest learning rate, or one for each group. Default: 0. */
  readonly minLr?: number | readonly number[] | undefined
  /** A smaller change than this isn't made. Default: 1e-8. */
  readonly eps?: number | undefined
}

type Settings = Required<{
  [K in Exclude<keyof ReduceLROnPlateauOptions, 'minLr'>]: NonNullable<ReduceLROnPlateauOptions[K]>
}> & { readonly minLrs: readonly number[] }

/**
 * Reduces the learning rates when a metric stops improving: `step(validationLoss)` after each epoch.
 *
 * @throws {@link ArgumentError} for options out of range, and for a step without a metric.
 * @see https://pytorch.org/docs/1.13/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
 */
export class ReduceLROnPlateau implements LRScheduler {
  static readonly name: string = 'ReduceLROnPlateau'

  #settings: Settings
  /** Null until the first metric: JSON has no infinity. */
  #best: number | null = null
  #badEpochs = 0
  #cooldownLeft = 0
  #lastEpoch = 0

  constructor(
    readonly optimizer: HasParamGroups,
    options: ReduceLROnPlateauOptions = {},
  ) {
    this.#settings = settingsOf(options, optimizer.paramGroups.length)
  }

  step(metric?: number): void {
    if (typeof metric !== 'number') {
      throw new ArgumentError('ReduceLROnPlateau.step needs the metric to watch, such as the validation loss')
    }
    const { patience, cooldown } = this.#settings
    this.#lastEpoch++
    this.#badEpochs++
    if (this.#isBetter(metric)) {
      this.#best = metric
      this.#badEpochs = 0
    }
    if (this.#cooldownLeft > 0) {
      this.#cooldownLeft--
      this.#badEpochs = 0
    }
    if (this.#badEpochs <= patience) return
    this.#reduce()
    this.#cooldownLeft = cooldown
    this.#badEpochs = 0
  }

  getLastLr(): number[] {
    return this.optimizer.paramGroups.map(({ lr }) => lr)
  }

  stateDict(): SchedulerState {
    return {
      ...this.#settings,
      minLrs: [...this.#settings.minLrs],
      best: this.#best,
      badEpochs: this.#badEpochs,
      cooldownLeft: this.#cooldownLeft,
      lastEpoch: this.#lastEpoch,
    }
  }

  loadStateDict(state: SchedulerState): void {
    checkState(state, this.stateDict(), 'ReduceLROnPlateau')
    const { best, badEpochs, cooldownLeft, lastEpoch, ...settings } = structuredClone(state)
    this.#settings = settings as Settings
    this.#best = best as number | null
    this.#badEpochs = badEpochs as number
    this.#cooldownLeft = cooldownLeft as number
    this.#lastEpoch = lastEpoch as number
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.#settings
    const sign = mode === 'min' ? -1 : 1
    const best = this.#best ?? -sign * Infinity
    const bar = thresholdMode === 'rel' ? best * (1 + sign * threshold) : best + sign * threshold
    return mode === 'min' ? metric < bar : metric > bar
  }

  #reduce(): void {
    const { factor, eps, minLrs } = this.#settings
    this.optimizer.paramGroups.forEach((group, index) => {
      const reduced = Math.max(group.lr * factor, minLrs[index]!)
      if (group.lr - reduced > eps) group.lr = reduced
    })
  }
}

function settingsOf(options: ReduceLROnPlateauOptions, groups: number): Settings {
  const { mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4 } = options
  const { thresholdMode = 'rel', cooldown = 0, minLr = 0, eps = 1e-8 } = options
  checkChoice('mode', mode, ['min', 'max'])
  checkChoice('thresholdMode', thresholdMode, ['rel', 'abs'])
  checkRange('factor', factor, 0, 1)
  checkInteger('patience', patience, 0)
  checkInteger('cooldown', cooldown, 0)
  checkRange('threshold', threshold, 0)
  checkRange('eps', eps, 0)
  const minLrs = perGroup('minLr', minLr, groups)
  return { mode, factor, patience, threshold, thresholdMode, cooldown, eps, minLrs }
}
