export { Adam, AdamW, type AdamOptions } from './adam.ts'
export {
  Optimizer,
  type ActiveGroup,
  type OptimizedParameter,
  type OptimizerOptions,
  type OptimizerStateDict,
  type ParamGroup,
  type Params,
  type Update,
  type UpdateContext,
} from './optimizer.ts'
export { SGD, type SGDOptions } from './sgd.ts'

export { ChainableScheduler } from './lr-scheduler/chainable.ts'
export { CosineAnnealingLR, type CosineAnnealingLROptions } from './lr-scheduler/cosine-annealing-lr.ts'
export { ExponentialLR, type ExponentialLROptions } from './lr-scheduler/exponential-lr.ts'
export { LinearLR, type LinearLROptions } from './lr-scheduler/linear-lr.ts'
export { MultiStepLR, type MultiStepLROptions } from './lr-scheduler/multi-step-lr.ts'
export { OneCycleLR, type OneCycleLROptions } from './lr-scheduler/one-cycle-lr.ts'
export type { Anneal } from './lr-scheduler/one-cycle.ts'
export type { ChainableOptions } from './lr-scheduler/options.ts'
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './lr-scheduler/reduce-lr-on-plateau.ts'
export type { HasParamGroups, LRScheduler, SchedulerGroup, SchedulerState } from './lr-scheduler/scheduler.ts'
export { SequentialLR, type SequentialLROptions } from './lr-scheduler/sequential-lr.ts'
export { StepLR, type StepLROptions } from './lr-scheduler/step-lr.ts'
