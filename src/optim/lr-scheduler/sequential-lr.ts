import { ArgumentError } from '../../core/errors.ts'
import { ChainableScheduler } from './chainable.ts'
import { checkInteger } from './options.ts'
import type { HasParamGroups, LRScheduler, SchedulerState } from './scheduler.ts'
import { checkState } from './state.ts'

/** Options of {@link SequentialLR}. */
export interface SequentialLROptions {
  /** The schedulers, all made for the same optimizer, in the order of their turns. */
  readonly schedulers: readonly ChainableScheduler[]
  /** The epochs at which the turn passes on, increasing: one fewer than schedulers. */
  readonly milestones: readonly number[]
  /** The epoch to go on after. Default: −1, which starts. */
  readonly lastEpoch?: number | undefined
}

/**
 * Runs schedulers one after the other: a warm-up and then a decay. Each starts at its own epoch 0.
 *
 * @example
 * ```ts
 * import { nn, optim } from 'onnx-finetune'
 *
 * const optimizer = new optim.SGD(new nn.Linear(4, 2).parameters(), { lr: 0.1 })
 * const warmUp = new optim.LinearLR(optimizer, { totalIters: 5 })
 * const decay = new optim.CosineAnnealingLR(optimizer, { tMax: 20 })
 * const scheduler = new optim.SequentialLR(optimizer, { schedulers: [warmUp, decay], milestones: [5] })
 * ```
 * @throws {@link ArgumentError} for schedulers of another optimizer, or milestones that don't fit.
 * @see https://pytorch.org/docs/1.13/generated/torch.optim.lr_scheduler.SequentialLR.html
 */
export class SequentialLR implements LRScheduler {
  static readonly name: string = 'SequentialLR'

  readonly #schedulers: readonly ChainableScheduler[]
  #milestones: number[]
  #lastEpoch: number
  #lastLr: number[]

  constructor(optimizer: HasParamGroups, { schedulers, milestones, lastEpoch = -1 }: SequentialLROptions) {
    checkSchedulers(optimizer, schedulers)
    checkMilestones(milestones, schedulers.length)
    checkInteger('lastEpoch', lastEpoch, -1)
    this.#schedulers = [...schedulers]
    this.#milestones = [...milestones]
    this.#lastEpoch = lastEpoch + 1
    // Their constructors made a step each; here only the first is to have made one.
    for (const group of optimizer.paramGroups) group.lr = group.initialLr ?? group.lr
    for (const scheduler of schedulers) scheduler.rewind()
    schedulers[0]!.begin()
    this.#lastLr = schedulers[0]!.getLastLr()
  }

  step(): void {
    this.#lastEpoch++
    const turn = this.#milestones.filter((milestone) => milestone <= this.#lastEpoch).length
    const scheduler = this.#schedulers[turn]!
    if (turn > 0 && this.#milestones[turn - 1] === this.#lastEpoch) scheduler.restart()
    else scheduler.step()
    this.#lastLr = scheduler.getLastLr()
  }

  getLastLr(): number[] {
    return [...this.#lastLr]
  }

  stateDict(): SchedulerState {
    return {
      schedulers: this.#schedulers.map((scheduler) => scheduler.stateDict()),
      milestones: [...this.#milestones],
      lastEpoch: this.#lastEpoch,
      lastLr: [...this.#lastLr],
    }
  }

  loadStateDict(state: SchedulerState): void {
    const own = this.stateDict()
    checkState(state, own, 'SequentialLR')
    const saved = state.schedulers as SchedulerState[]
    this.#schedulers.forEach((scheduler, index) => {
      checkState(saved[index]!, scheduler.stateDict(), `${scheduler.constructor.name} in SequentialLR`)
    })
    this.#schedulers.forEach((scheduler, index) => {
      scheduler.loadStateDict(saved[index]!)
    })
    this.#milestones = [...(state.milestones as number[])]
    this.#lastEpoch = state.lastEpoch as number
    this.#lastLr = [...(state.lastLr as number[])]
  }
}

function checkSchedulers(optimizer: HasParamGroups, schedulers: readonly ChainableScheduler[]): void {
  if (schedulers.length === 0) throw new ArgumentError('SequentialLR needs at least one scheduler')
  schedulers.forEach((scheduler, index) => {
    if (!(scheduler instanceof ChainableScheduler)) {
      throw new ArgumentError(
        `scheduler ${index} is a ${(scheduler as object).constructor.name}, which can't take turns: SequentialLR takes schedulers that count epochs`,
      )
    }
    if (scheduler.optimizer !== optimizer) {
      throw new ArgumentError(`scheduler ${index} was made for another optimizer: make all for the same one`)
    }
  })
}

function checkMilestones(milestones: readonly number[], schedulers: number): void {
  if (milestones.length !== schedulers - 1) {
    throw new ArgumentError(
      `${schedulers} schedulers need ${schedulers - 1} milestones between them, but ${milestones.length} were given`,
    )
  }
  milestones.forEach((milestone, index) => {
    checkInteger(`milestone ${index}`, milestone, (milestones[index - 1] ?? 0) + 1)
  })
}
