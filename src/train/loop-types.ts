import type { Generator, GeneratorState } from '../core/generator.ts'
import type { Tensor } from '../core/tensor.ts'
import type { Batch } from '../data/collate.ts'
import type { TrainEvent } from './events.ts'
import type { LoopState } from './loop-state.ts'

/**
 * What the loop asks of the parts that it drives. The structural types keep it free of devices and of files: a
 * `TrainingSession`, a `DataLoader` and every scheduler fit, and so does anything of the caller's own.
 */

/** Batches of one epoch: each iteration is an epoch. */
export interface BatchSource extends AsyncIterable<Batch> {
  /** Number of batches. */
  readonly length: number
}

/** Batches of epochs that can be repeated, as a `DataLoader` can. */
export interface ResumableSource extends BatchSource {
  /** Each epoch takes one draw, by `split`. */
  readonly generator: Generator
  /** The epoch that `generator` stands for, without its first `from` batches. */
  epoch(generator: Generator, from: number): AsyncIterable<Batch>
}

/** Result of one step. */
export interface StepResult {
  /** Mean loss of the batch. */
  readonly loss: number
  /** Logits `[N, classes]`. */
  readonly outputs: Tensor
}

/** A model on a device. */
export interface StepSession {
  trainStep(inputs: Tensor, labels: Tensor): Promise<StepResult>
  /** A step on each batch, in one run; asked for only with `stepsPerRun` > 1. */
  trainSteps(batches: readonly Batch[]): Promise<readonly StepResult[]>
  evalStep(inputs: Tensor, labels: Tensor): Promise<StepResult>
  /** Keeps a copy of parameters and buffers on the device. */
  snapshot(): Promise<void>
  /** Loads the last snapshot back. */
  restore(): Promise<void>
}

/** A learning-rate schedule, stepped once an epoch. The metric is the epoch's validation loss, for those that want one. */
export interface EpochScheduler {
  step(metric?: number): void
}

/** What the loop does for checkpoints. */
export interface LoopCheckpoints {
  /** Where the generators are now. */
  generators(): Readonly<Record<string, GeneratorState>>
  /** Whether there should be one after that training step. */
  isDue(step: number): boolean
  /** Saves the run as it is now. Returns before it's on disk; waits for the one before. */
  save(state: LoopState): Promise<void>
  /** At the end of an epoch: keeps the weights if it's the best, and saves the run if it's time. */
  endEpoch(state: LoopState): Promise<void>
  /** What happened since the last call. */
  events(): TrainEvent[]
  /** Waits until what was saved is on disk. */
  settle(): Promise<void>
}

/** The two passes of an epoch. */
export type Phase = 'train' | 'val'
