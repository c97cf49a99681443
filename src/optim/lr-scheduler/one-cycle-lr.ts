import { ArgumentError } from '../../core/errors.ts'
import { ChainableScheduler } from './chainable.ts'
import { cycle, phasesOf, type Anneal, type Phase } from './one-cycle.ts'
import { checkChoice, checkInteger, perGroup, type ChainableOptions } from './options.ts'
import type { HasParamGroups, SchedulerGroup } from './scheduler.ts'

/** Options of {@link OneCycleLR}. Step it once a batch. */
export interface OneCycleLROptions extends ChainableOptions {
  /** The highest learning rate, or one for each group. */
  readonly maxLr: number | readonly number[]
  /** Steps of the cycle; or give `epochs` and `stepsPerEpoch`. */
  readonly totalSteps?: number | undefined
  /** With `stepsPerEpoch`: the cycle has their product of steps. */
  readonly epochs?: number | undefined
  /** Batches of an epoch. */
  readonly stepsPerEpoch?: number | undefined
  /** Share of the cycle in which the learning rate rises. Default: 0.3. */
  readonly pctStart?: number | undefined
  /** Shape of the way up and down. Default: `'cos'`. */
  readonly annealStrategy?: Anneal | undefined
  /** Move the momentum (or Adam's first beta) against the learning rate. Default: true. */
  readonly cycleMomentum?: boolean | undefined
  /** The lowest momentum, or one for each group. Default: 0.85. */
  readonly baseMomentum?: number | readonly number[] | undefined
  /** The highest momentum, where the learning rate is lowest, or one for each group. Default: 0.95. */
  readonly maxMomentum?: number | readonly number[] | undefined
  /** The cycle starts at maxLr / divFactor. Default: 25. */
  readonly divFactor?: number | undefined
  /** It ends at the start's learning rate / finalDivFactor. Default: 10,000. */
  readonly finalDivFactor?: number | undefined
  /** Come back to the start's learning rate before going down to the lowest. Default: false. */
  readonly threePhase?: boolean | undefined
}

interface Settings {
  readonly totalSteps: number
  readonly annealStrategy: Anneal
  readonly cycleMomentum: boolean
  readonly phases: readonly Phase[]
  readonly initialLrs: readonly number[]
  readonly maxLrs: readonly number[]
  readonly minLrs: readonly number[]
  readonly baseMomentums: readonly number[]
  readonly maxMomentums: readonly number[]
}

/**
 * One cycle of the learning rate, up to `maxLr` and down to nearly nothing, with the momentum going the other way.
 *
 * @throws {@link ArgumentError} for options out of range, or at a step beyond the cycle's end.
 * @see https://pytorch.org/docs/1.13/generated/torch.optim.lr_scheduler.OneCycleLR.html
 */
export class OneCycleLR extends ChainableScheduler<Settings> {
  static override readonly name: string = 'OneCycleLR'

  constructor(optimizer: HasParamGroups, options: OneCycleLROptions) {
    const settings = settingsOf(optimizer, options)
    const { lastEpoch = -1 } = options
    if (lastEpoch === -1) {
      optimizer.paramGroups.forEach((group, index) => (group.initialLr = settings.initialLrs[index]!))
    }
    super(optimizer, settings, lastEpoch)
  }

  protected nextLr(group: SchedulerGroup, _baseLr: number, index: number): number {
    const { totalSteps, cycleMomentum, maxMomentums, baseMomentums } = this.settings
    const { initialLrs, maxLrs, minLrs, phases, annealStrategy } = this.settings
    const step = this.lastEpoch
    if (step > totalSteps) {
      throw new ArgumentError(
        `step ${step + 1} is beyond the ${totalSteps} steps of the cycle: give OneCycleLR as many as there will be (it steps once a batch)`,
      )
    }
    const levels = { initial: initialLrs[index]!, max: maxLrs[index]!, min: minLrs[index]! }
    if (cycleMomentum) {
      const momenta = { initial: maxMomentums[index]!, max: baseMomentums[index]!, min: maxMomentums[index]! }
      setMomentum(group, cycle(phases, step, momenta, annealStrategy))
    }
    return cycle(phases, step, levels, annealStrategy)
  }

  protected override startLr(group: SchedulerGroup, baseLr: number, index: number): number {
    return this.nextLr(group, baseLr, index)
  }
}

function setMomentum(group: SchedulerGroup, momentum: number): void {
  if (group.betas) group.betas = [momentum, group.betas[1]]
  else group.momentum = momentum
}

function settingsOf({ paramGroups }: HasParamGroups, options: OneCycleLROptions): Settings {
  const { pctStart = 0.3, annealStrategy = 'cos', cycleMomentum = true, threePhase = false } = options
  const { divFactor = 25, finalDivFactor = 1e4, baseMomentum = 0.85, maxMomentum = 0.95 } = options
  const totalSteps = totalStepsOf(options)
  checkOptions(pctStart, annealStrategy, divFactor, finalDivFactor)
  const count = paramGroups.length
  const maxLrs = perGroup('maxLr', options.maxLr, count)
  const initialLrs = maxLrs.map((lr) => lr / divFactor)
  if (cycleMomentum && paramGroups.some((group) => !group.betas && group.momentum === undefined)) {
    throw new ArgumentError(
      'the optimizer has neither momentum nor betas to cycle: set cycleMomentum to false',
    )
  }
  return {
    totalSteps,
    annealStrategy,
    cycleMomentum,
    phases: phasesOf(totalSteps, pctStart, threePhase),
    initialLrs,
    maxLrs,
    minLrs: initialLrs.map((lr) => lr / finalDivFactor),
    baseMomentums: perGroup('baseMomentum', baseMomentum, count),
    maxMomentums: perGroup('maxMomentum', maxMomentum, count),
  }
}

function totalStepsOf({ totalSteps, epochs, stepsPerEpoch }: OneCycleLROptions): number {
  if (totalSteps !== undefined) {
    checkInteger('totalSteps', totalSteps, 1)
    return totalSteps
  }
  if (epochs === undefined || stepsPerEpoch === undefined) {
    throw new ArgumentError('OneCycleLR needs totalSteps, or epochs and stepsPerEpoch')
  }
  checkInteger('epochs', epochs, 1)
  checkInteger('stepsPerEpoch', stepsPerEpoch, 1)
  return epochs * stepsPerEpoch
}

function checkOptions(pctStart: number, anneal: string, divFactor: number, finalDivFactor: number): void {
  if (!(pctStart >= 0 && pctStart <= 1)) {
    throw new ArgumentError(`pctStart is ${pctStart}, but must be ≥ 0 and ≤ 1`)
  }
  checkChoice('annealStrategy', anneal, ['cos', 'linear'])
  for (const [name, factor] of Object.entries({ divFactor, finalDivFactor })) {
    if (!(factor > 0 && Number.isFinite(factor))) {
      throw new ArgumentError(`${name} is ${factor}, but must be finite and > 0`)
    }
  }
}
