import { ArgumentError } from '../../core/errors.ts'
import { checkState } from './state.ts'
import type { HasParamGroups, LRScheduler, SchedulerGroup, SchedulerState } from './scheduler.ts'

/**
 * The base of the schedulers that count epochs. Their rules are PyTorch's chainable forms: each computes the next
 * learning rate from the *current* one, so several schedulers, or the caller, can act on the same group.
 * A rule must read `settings` and nothing else of its class: it runs in the base's constructor, before there is more.
 */
export abstract class ChainableScheduler<Settings extends object = object> implements LRScheduler {
  #baseLrs: number[]
  #lastLr: number[] = []
  #stepCount = 0
  #lastEpoch: number

  /**
   * @param settings - What the rule reads; saved and restored with the state.
   * @param lastEpoch - The epoch to go on after; −1 starts.
   * @throws {@link ArgumentError} if a schedule is to go on whose start isn't noted in the groups.
   */
  constructor(
    readonly optimizer: HasParamGroups,
    protected settings: Settings,
    lastEpoch = -1,
  ) {
    if (!Number.isInteger(lastEpoch) || lastEpoch < -1) {
      throw new ArgumentError(`lastEpoch is ${lastEpoch}, but must be an integer ≥ -1`)
    }
    this.#baseLrs = optimizer.paramGroups.map((group, index) => baseLr(group, index, lastEpoch))
    this.#lastEpoch = lastEpoch
    this.begin()
  }

  /** The epoch that the learning rates are for: 0 after construction. */
  get lastEpoch(): number {
    return this.#lastEpoch
  }

  /** Whether no step but the first, that of the constructor, was made. */
  protected get isFirstStep(): boolean {
    return this.#stepCount === 1
  }

  step(): void {
    this.#stepCount++
    this.#lastEpoch++
    this.#set((group, index) => this.nextLr(group, this.#baseLrs[index]!, index))
  }

  getLastLr(): number[] {
    return [...this.#lastLr]
  }

  stateDict(): SchedulerState {
    return structuredClone({
      ...this.settings,
      baseLrs: this.#baseLrs,
      lastLr: this.#lastLr,
      lastEpoch: this.#lastEpoch,
      stepCount: this.#stepCount,
    })
  }

  loadStateDict(state: SchedulerState): void {
    checkState(state, this.stateDict(), this.constructor.name)
    const { baseLrs, lastLr, lastEpoch, stepCount, ...settings } = structuredClone(state)
    this.settings = settings as Settings
    this.#baseLrs = baseLrs as number[]
    this.#lastLr = lastLr as number[]
    this.#lastEpoch = lastEpoch as number
    this.#stepCount = stepCount as number
  }

  /**
   * Makes the first step anew, for {@link SequentialLR}.
   *
   * @internal
   */
  begin(): void {
    this.#stepCount = 0
    this.step()
  }

  /**
   * Takes the constructor's step back, for {@link SequentialLR}.
   *
   * @internal
   */
  rewind(): void {
    this.#lastEpoch--
  }

  /**
   * Starts the schedule at its epoch 0 whatever the learning rates are now, for {@link SequentialLR}.
   *
   * @internal
   */
  restart(): void {
    this.#stepCount++
    this.#lastEpoch = 0
    this.#set((group, index) => this.startLr(group, this.#baseLrs[index]!, index))
  }

  /** The rule: the learning rate of `lastEpoch`, from the group's current one. */
  protected abstract nextLr(group: SchedulerGroup, baseLr: number, index: number): number

  /** The learning rate of epoch 0 in closed form. */
  protected startLr(...[, baseLr]: [group: SchedulerGroup, baseLr: number, index: number]): number {
    return baseLr
  }

  #set(rule: (group: SchedulerGroup, index: number) => number): void {
    const lrs = this.optimizer.paramGroups.map(rule)
    this.optimizer.paramGroups.forEach((group, index) => (group.lr = lrs[index]!))
    this.#lastLr = lrs
  }
}

function baseLr(group: SchedulerGroup, index: number, lastEpoch: number): number {
  if (lastEpoch === -1) return (group.initialLr ??= group.lr)
  if (group.initialLr !== undefined) return group.initialLr
  throw new ArgumentError(
    `lastEpoch is ${lastEpoch}, but group ${index} has no initialLr to go on from: load the optimizer's state first, or set it`,
  )
}
