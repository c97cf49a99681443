import { DataError, throwIfAborted } from '../core/errors.ts'
import type { Module } from '../nn/module.ts'
import { TrainingSession, type TrainingSessionOptions } from '../runtime/training-session.ts'
import type { BatchSource } from './loop-types.ts'
import { RunningMetrics, type Metrics } from './running-metrics.ts'

/** Options of {@link evaluate}. */
export interface EvaluateOptions extends Omit<TrainingSessionOptions, 'optimizer' | 'generator'> {
  readonly criterion: NonNullable<TrainingSessionOptions['criterion']>
  /** Stops before the next batch with an {@link AbortError}. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Loss and accuracy of a model over one epoch of `dataloader`, in evaluation mode. The model isn't changed.
 *
 * @throws {@link DataError} if the loader has no batches, {@link AbortError} when `signal` aborts,
 * {@link RuntimeError} with the remedy where the device or ONNX Runtime is missing.
 */
export async function evaluate(
  model: Module,
  dataloader: BatchSource,
  options: EvaluateOptions,
): Promise<Metrics> {
  await using session = await TrainingSession.create(model, options)
  const running = new RunningMetrics()
  let batches = 0
  for await (const { inputs, labels } of dataloader) {
    throwIfAborted(options.signal, 'the evaluation')
    const { loss, outputs } = await session.evalStep(inputs, labels)
    running.add(loss, outputs, labels)
    batches++
  }
  if (batches === 0) throw new DataError('the loader has no batches: check its data set and dropLast')
  return running.value
}
