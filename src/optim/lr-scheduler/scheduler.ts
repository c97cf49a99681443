/** A parameter group, as far as schedulers know it. */
export interface SchedulerGroup {
  /** The learning rate of the next step. Schedulers set it. */
  lr: number
  /** The learning rate that schedules are relative to. The first scheduler notes it here. */
  initialLr?: number
  /** {@link OneCycleLR} cycles it. */
  momentum?: number
  /** Adam's; {@link OneCycleLR} cycles the first. */
  betas?: readonly [number, number]
}

/** What a scheduler needs of an optimizer. */
export interface HasParamGroups {
  readonly paramGroups: readonly SchedulerGroup[]
}

/** A scheduler's state, made of plain JSON. */
export type SchedulerState = Record<string, unknown>

/** Sets the learning rates of an optimizer's groups over time: call `step` once an epoch (or once a batch, where that is the schedule's unit), after the optimizer's steps. */
export interface LRScheduler {
  /** Goes on to the next epoch. `metric` is read by {@link ReduceLROnPlateau} alone. */
  step(metric?: number): void
  /** The learning rates that the last step set, by group. */
  getLastLr(): number[]
  /** Settings and position, to be saved. The learning rates themselves are saved with the optimizer. */
  stateDict(): SchedulerState
  /**
   * Goes on from a saved state, with its settings. Load the optimizer's state too: its groups hold the learning rates.
   *
   * @throws {@link StateDictError} if the state is that of another kind of scheduler or for other groups.
   */
  loadStateDict(state: SchedulerState): void
}
