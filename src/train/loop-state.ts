import type { GeneratorState } from '../core/generator.ts'
import type { EpochMetrics } from './events.ts'
import type { RunningSums } from './running-metrics.ts'

/** An epoch between two of its training steps, or before its validation. */
export interface OpenEpoch {
  /** Training batches that are done. */
  readonly batch: number
  /** Learning rate of each parameter group when it began. */
  readonly learningRates: readonly number[]
  readonly running: RunningSums
  /** Wall-clock seconds so far. */
  readonly seconds: number
  /** What decides on its batches. */
  readonly order: GeneratorState
}

/** Where the loop over epochs is, as plain data: all that it needs to go on, beside the session's own state. */
export interface LoopState {
  /** Epochs that are finished. */
  readonly epoch: number
  /** Training steps of the whole run. */
  readonly step: number
  /** One entry a finished epoch. */
  readonly history: readonly EpochMetrics[]
  /** The best of them, once there is one. */
  readonly bestEpoch?: number | undefined
  /** The epoch that is under way; none between two of them. */
  readonly open?: OpenEpoch | undefined
  /** The loaders' generators by phase, and that of Dropout's masks. */
  readonly generators: Readonly<Record<string, GeneratorState>>
}
