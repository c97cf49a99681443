import { ArgumentError, DataError, NonFiniteLossError, throwIfAborted } from '../core/errors.ts'
import type { EpochMetrics, TrainEvent } from './events.ts'
import type { BatchSource, EpochScheduler, Phase, StepSession } from './loop-types.ts'
import { RunningMetrics, type Metrics } from './running-metrics.ts'

/** Options of {@link trainEpochs}. */
export interface TrainEpochsOptions {
  readonly dataloaders: { readonly train: BatchSource; readonly val?: BatchSource }
  /** Epochs to train, ≥ 1. */
  readonly numEpochs: number
  /** Its parameter groups' learning rates are reported. */
  readonly optimizer: { readonly paramGroups: readonly { readonly lr: number }[] }
  /** Stepped after each epoch, with the validation loss (or the training loss, without validation). */
  readonly scheduler?: EpochScheduler | undefined
  /** Stops before the next batch with an {@link AbortError}. */
  readonly signal?: AbortSignal | undefined
}

/**
 * The tutorial's `train_model` as a stream of events: each epoch trains, then validates, then steps the scheduler; the
 * parameters and buffers with the best validation accuracy (without classes: the lowest validation loss, without
 * validation: the lowest training loss) are kept
 * and, at the end, on abort and on failure, loaded back into the session.
 *
 * @throws {@link NonFiniteLossError} naming epoch, batch and learning rate when the training loss is NaN or infinite.
 * @throws {@link AbortError} when `signal` aborts.
 * @throws {@link DataError} if a loader has no batches.
 * @see https://pytorch.org/tutorials/beginner/transfer_learning_tutorial.html
 */
export async function* trainEpochs(
  session: StepSession,
  options: TrainEpochsOptions,
): AsyncGenerator<TrainEvent, EpochMetrics[], undefined> {
  const { dataloaders, numEpochs, optimizer, scheduler } = options
  if (!Number.isInteger(numEpochs) || numEpochs < 1) {
    throw new ArgumentError(`numEpochs must be an integer of at least 1, not ${numEpochs}`)
  }
  const history: EpochMetrics[] = []
  let best: EpochMetrics | undefined
  try {
    for (let epoch = 0; epoch < numEpochs; epoch++) {
      const began = performance.now()
      const learningRates = optimizer.paramGroups.map(({ lr }) => lr)
      const train = yield* runPhase(session, 'train', dataloaders.train, epoch, learningRates, options.signal)
      const val =
        dataloaders.val &&
        (yield* runPhase(session, 'val', dataloaders.val, epoch, learningRates, options.signal))
      scheduler?.step((val ?? train).loss)
      const seconds = (performance.now() - began) / 1000
      const metrics: EpochMetrics = { epoch, train, ...(val && { val }), learningRates, seconds }
      history.push(metrics)
      const isBest = best === undefined || isBetter(metrics, best)
      if (isBest) {
        await session.snapshot()
        best = metrics
      }
      yield { type: 'epoch', metrics, isBest }
    }
  } finally {
    if (best) await session.restore()
  }
  return history
}

async function* runPhase(
  session: StepSession,
  phase: Phase,
  loader: BatchSource,
  epoch: number,
  learningRates: readonly number[],
  signal: AbortSignal | undefined,
): AsyncGenerator<TrainEvent, Metrics, undefined> {
  const running = new RunningMetrics()
  let batch = 0
  throwIfAborted(signal, 'training')
  for await (const { inputs, labels } of loader) {
    throwIfAborted(signal, 'training')
    const step = phase === 'train' ? session.trainStep(inputs, labels) : session.evalStep(inputs, labels)
    const { loss, outputs } = await step
    if (phase === 'train' && !Number.isFinite(loss))
      throw new NonFiniteLossError(loss, epoch, batch, learningRates)
    running.add(loss, outputs, labels)
    yield { type: 'batch', epoch, phase, batch, batches: loader.length, loss, running: running.value }
    batch++
  }
  if (batch === 0) throw new DataError(`the ${phase} loader has no batches: check its data set and dropLast`)
  yield { type: 'phase', epoch, phase, metrics: running.value }
  return running.value
}

function isBetter(a: EpochMetrics, b: EpochMetrics): boolean {
  if (!a.val || !b.val) return a.train.loss < b.train.loss
  return Number.isNaN(a.val.accuracy) ? a.val.loss < b.val.loss : a.val.accuracy > b.val.accuracy
}
