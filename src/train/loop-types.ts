import type { Tensor } from '../core/tensor.ts'
import type { Batch } from '../data/collate.ts'

/**
 * What the loop asks of the parts that it drives. The structural types keep it free of devices and of files: a
 * `TrainingSession`, a `DataLoader` and every scheduler fit, and so does anything of the caller's own.
 */

/** Batches of one epoch: each iteration is an epoch. */
export interface BatchSource extends AsyncIterable<Batch> {
  /** Number of batches. */
  readonly length: number
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

/** The two passes of an epoch. */
export type Phase = 'train' | 'val'
