import { ArgumentError, throwIfAborted } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import type { Batch } from '../data/collate.ts'
import type { Module } from '../nn/module.ts'
import { TrainingSession, type TrainingSessionOptions } from '../runtime/training-session.ts'

/** Options of {@link predict}. */
export interface PredictOptions extends Pick<
  TrainingSessionOptions,
  'device' | 'engine' | 'threads' | 'storage'
> {
  /** Stops before the next batch with an {@link AbortError}. */
  readonly signal?: AbortSignal | undefined
}

/**
 * The model's outputs in evaluation mode. The model isn't changed.
 *
 * @param inputs - One batch `[N, …]` (float32), or a loader, of which one epoch is run.
 * @returns Float32 `[N, …]`, for a classifier the logits `[N, classes]`, in the order of the inputs.
 * @throws {@link ArgumentError} for no inputs, {@link AbortError} when `signal` aborts,
 * {@link RuntimeError} with the remedy where the device or ONNX Runtime is missing.
 *
 * @example
 * ```ts
 * import { Tensor, nn, predict } from 'onnx-finetune'
 *
 * const logits = await predict(new nn.Linear(4, 2), Tensor.zeros([3, 4]))
 * logits.shape  // [3, 2]
 * ```
 */
export async function predict(
  model: Module,
  inputs: Tensor | AsyncIterable<Pick<Batch, 'inputs'>>,
  options: PredictOptions = {},
): Promise<Tensor> {
  await using session = await TrainingSession.create(model, options)
  if (inputs instanceof Tensor) return await session.predict(inputs)
  const outputs: Tensor[] = []
  for await (const batch of inputs) {
    throwIfAborted(options.signal, 'the prediction')
    outputs.push(await session.predict(batch.inputs))
  }
  return concatenate(outputs)
}

function concatenate(batches: readonly Tensor[]): Tensor {
  const [first] = batches
  if (!first) throw new ArgumentError('there is nothing to predict: the loader has no batches')
  const rows = batches.reduce((sum, { shape }) => sum + shape[0]!, 0)
  const whole = Tensor.zeros([rows, ...first.shape.slice(1)])
  let at = 0
  for (const { data } of batches) {
    whole.data.set(data as Float32Array, at)
    at += data.length
  }
  return whole
}
