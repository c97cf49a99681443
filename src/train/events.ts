import type { Tensor } from '../core/tensor.ts'
import type { Device } from '../runtime/providers.ts'
import type { Phase } from './loop-types.ts'
import type { Metrics } from './running-metrics.ts'

/** An epoch's metrics: the train phase, and the val phase where there is one. */
export interface EpochMetrics {
  /** From 0. */
  readonly epoch: number
  readonly train: Metrics
  readonly val?: Metrics
  /** Learning rate of each parameter group in that epoch. */
  readonly learningRates: readonly number[]
  /** Wall-clock seconds of the epoch. */
  readonly seconds: number
}

/** Before the first batch. */
export interface StartEvent {
  readonly type: 'start'
  /** The device that the model trains on. */
  readonly device: Device
  /** Why it was chosen. */
  readonly deviceReason: string
  readonly numEpochs: number
  /** The checkpoint that the run goes on from; a run from the start has none. */
  readonly resumed?: ResumedRun | undefined
}

/** What was done before a run that goes on from a checkpoint. */
export interface ResumedRun {
  /** The checkpoint's file. */
  readonly path: string
  /** Epochs that are finished. */
  readonly epoch: number
  /** Training steps that are made, in all epochs. */
  readonly step: number
  /** One entry a finished epoch. */
  readonly history: readonly EpochMetrics[]
  /** The best of them, from 0; none before the first is finished. */
  readonly bestEpoch?: number | undefined
}

/** After each batch. */
export interface BatchEvent {
  readonly type: 'batch'
  readonly epoch: number
  readonly phase: Phase
  /** From 0. */
  readonly batch: number
  /** Batches of the phase. */
  readonly batches: number
  /** Mean loss of this batch. */
  readonly loss: number
  /** The model's outputs for this batch, `[N, …]`: for a classifier logits, in training those before the update. */
  readonly outputs: Tensor
  /** The batch's labels. */
  readonly labels: Tensor
  /** Metrics of the phase so far. */
  readonly running: Metrics
}

/** After each phase. */
export interface PhaseEvent {
  readonly type: 'phase'
  readonly epoch: number
  readonly phase: Phase
  readonly metrics: Metrics
}

/** After each epoch; the schedulers have stepped. */
export interface EpochEvent {
  readonly type: 'epoch'
  readonly metrics: EpochMetrics
  /** Whether this is the best epoch so far, and was kept. */
  readonly isBest: boolean
}

/** A checkpoint is safely on disk. It's written while training goes on, so this comes some batches later. */
export interface CheckpointEvent {
  readonly type: 'checkpoint'
  /** Its file: a path for `resume`. */
  readonly path: string
  /** Epochs that were finished then. */
  readonly epoch: number
  /** Training steps that were made then, in all epochs. */
  readonly step: number
}

/** Something isn't as it should be, and training goes on: a checkpoint can't be written or is damaged, a page has no threads. */
export interface WarningEvent {
  readonly type: 'warning'
  readonly message: string
  readonly error?: Error | undefined
}

/** What `train` yields: a discriminated union by `type`. */
export type TrainEvent = StartEvent | BatchEvent | PhaseEvent | EpochEvent | CheckpointEvent | WarningEvent
