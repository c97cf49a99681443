import { Generator } from '../core/generator.ts'
import type { Module } from '../nn/module.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import { TrainingSession, type TrainingSessionOptions } from '../runtime/training-session.ts'
import { loadTensors, type CheckpointedRun } from './checkpoint-run.ts'
import { Checkpoints } from './checkpoints.ts'
import type { EpochMetrics, TrainEvent } from './events.ts'
import { openCheckpoints, type OpenedCheckpoints, type ResumableOptions } from './open-checkpoints.ts'
import { trainEpochs, type TrainEpochsOptions } from './train-epochs.ts'

/** Options of {@link train}. */
export interface TrainOptions
  extends TrainingSessionOptions, Omit<TrainEpochsOptions, 'optimizer'>, ResumableOptions {
  readonly criterion: NonNullable<TrainingSessionOptions['criterion']>
  readonly optimizer: Optimizer
  /**
   * Training batches that make one run of one graph, an integer ≥ 1: see {@link TrainingSessionOptions.stepsPerRun}. Results are
   * those of single steps, on the CPU to the last bit, and each batch has its event, which comes when the run is made. So an
   * abort waits for the end of the run, and what a listener changes of the optimizer for its last batch. What an epoch
   * leaves of a run, and what comes before a checkpoint of `everySteps`, is made singly. Default: 1.
   */
  readonly stepsPerRun?: number | undefined
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
 * With `checkpoint` the run is saved after each epoch, or as often as told, and when it is aborted; with `resume` it goes on
 * from there, to the same numbers bit for bit on the same device as if it had never stopped. `break` and errors save nothing
 * more.
 *
 * @throws {@link NonFiniteLossError} naming epoch, batch and learning rate when the training loss is NaN or infinite.
 * @throws {@link AbortError} when `signal` aborts.
 * @throws {@link ArgumentError} where a listener changes hyperparameters in the midst of a run of several steps.
 * @throws {@link RuntimeError} with the remedy where the device or ONNX Runtime is missing.
 * @throws {@link ArgumentError} or {@link StateDictError} naming what differs from the run that is to be resumed.
 * @throws {@link FileFormatError} naming the checkpoint that is damaged, where there is no other.
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
  const { generator = new Generator(), optimizer, scheduler, dataloaders, numEpochs } = options
  const run = { model, optimizer, scheduler, dataloaders, generator, numEpochs }
  const opened = await openCheckpoints(run, options)
  try {
    return yield* trainFrom(opened, run, options)
  } finally {
    opened.release()
  }
}

async function* trainFrom(
  { folder, loop, resumed, best, warnings }: OpenedCheckpoints,
  run: CheckpointedRun & { readonly numEpochs: number },
  options: TrainOptions,
): AsyncGenerator<TrainEvent, EpochMetrics[], undefined> {
  const { model, generator, numEpochs } = run
  model.train()
  await using session = await TrainingSession.create(model, { ...options, generator })
  const { device, deviceReason } = session
  yield { type: 'start', device, deviceReason, numEpochs, ...(resumed && { resumed }) }
  for (const message of session.warnings) yield { type: 'warning', message }
  yield* warnings
  const checkpoints = folder && new Checkpoints(session, run, folder.folder, folder.policy, { loop, best })
  const epochs = trainEpochs(session, options, { resumed: loop, checkpoints })
  let hasBest = false
  try {
    for (;;) {
      const next = await epochs.next()
      if (next.done) return next.value
      if (next.value.type === 'epoch' && next.value.isBest) hasBest = true
      yield next.value
      if (next.value.type !== 'epoch') continue
      for (const message of await session.newWarnings()) yield { type: 'warning', message }
    }
  } finally {
    // First, as a device that was lost gives nothing back.
    model.eval()
    await epochs.return([])
    if (hasBest || best) await session.pull()
    if (!hasBest && best) loadTensors(model, best)
  }
}
