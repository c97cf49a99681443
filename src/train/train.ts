import type { Module } from '../nn/module.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import { TrainingSession, type TrainingSessionOptions } from '../runtime/training-session.ts'
import type { EpochMetrics, TrainEvent } from './events.ts'
import { trainEpochs, type TrainEpochsOptions } from './train-epochs.ts'

/** Options of {@link train}. */
export interface TrainOptions extends TrainingSessionOptions, Omit<TrainEpochsOptions, 'optimizer'> {
  readonly criterion: NonNullable<TrainingSessionOptions['criterion']>
  readonly optimizer: Optimizer
}

/**
 * Trains a model and yields an event before the first batch, after each batch, phase and epoch.
 *
 * Each epoch trains, validates (where there is a `val` loader) and steps the scheduler. When the loop ends, whether
 * by its last epoch, `break`, an abort or an error, the parameters and BatchNorm buffers of the best epoch (the highest
 * validation accuracy; without validation the lowest training loss) are in the model; if no epoch was finished, the
 * model is as it was. As in the tutorial, the whole model trains in training mode: BatchNorm layers of frozen
 * parts use the batch's statistics too.
 *
 * @throws {@link NonFiniteLossError} naming epoch, batch and learning rate when the training loss is NaN or infinite.
 * @throws {@link AbortError} when `signal` aborts.
 * @throws {@link RuntimeError} with the remedy where the device or ONNX Runtime is missing.
 * @see https://pytorch.org/tutorials/beginner/transfer_learning_tutorial.html
 *
 * @example
 * ```ts
 * import { DataLoader, Tensor, TensorDataset, nn, optim, train } from 'onnx-finetune'
 *
 * const data = new TensorDataset(Tensor.zeros([8, 4]), Tensor.zeros([8], 'int32'))
 * const model = new nn.Linear(4, 2)
 * const options = {
 *   dataloaders: { train: new DataLoader(data, { batchSize: 4 }) },
 *   criterion: new nn.CrossEntropyLoss(),
 *   optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
 *   numEpochs: 2,
 * }
 * for await (const event of train(model, options)) {
 *   if (event.type === 'batch') console.log(event.phase, event.batch, event.loss)
 * }
 * ```
 */
export async function* train(
  model: Module,
  options: TrainOptions,
): AsyncGenerator<TrainEvent, EpochMetrics[], undefined> {
  model.train()
  await using session = await TrainingSession.create(model, options)
  const { device, deviceReason } = session
  yield { type: 'start', device, deviceReason, numEpochs: options.numEpochs }
  let hasBest = false
  const epochs = trainEpochs(session, options)
  try {
    for (;;) {
      const next = await epochs.next()
      if (next.done) return next.value
      if (next.value.type === 'epoch' && next.value.isBest) hasBest = true
      yield next.value
    }
  } finally {
    await epochs.return([])
    if (hasBest) await session.pull()
    model.eval()
  }
}
