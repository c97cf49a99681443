import type { Module } from '../nn/module.ts'
import type { Device } from '../runtime/providers.ts'
import type { EpochMetrics, TrainEvent } from './events.ts'
import { progressReporter } from './progress.ts'
import { train, type TrainOptions } from './train.ts'

/** Called with each event, in order; the next batch waits for it. */
export type TrainCallback = (event: TrainEvent) => void | Promise<void>

/** Options of {@link trainModel}. */
export interface TrainModelOptions extends TrainOptions {
  /** Shows a progress bar where the terminal is interactive, and the tutorial's lines elsewhere. Default: true. */
  readonly progress?: boolean | undefined
  readonly callbacks?: readonly TrainCallback[] | undefined
}

/** Result of {@link trainModel}. */
export interface TrainResult<M extends Module> {
  /** The model that was given, with the best epoch's parameters and buffers, in evaluation mode. */
  readonly model: M
  /** Validation accuracy of the best epoch (training accuracy where there is no validation), 0 … 1. */
  readonly bestAccuracy: number
  /** The best epoch, from 0. */
  readonly bestEpoch: number
  /** One entry an epoch. */
  readonly history: readonly EpochMetrics[]
  /** Wall-clock seconds of the whole call. */
  readonly seconds: number
  /** The device that the model was trained on. */
  readonly device: Device
}

/**
 * The tutorial's `train_model`: trains for `numEpochs` epochs, keeps the best weights and loads them back into the
 * model. It is {@link train} with progress and callbacks; that generator says more about modes, errors and what is
 * kept when it stops early.
 *
 * @throws What {@link train} throws, and what a callback throws.
 * @see https://pytorch.org/tutorials/beginner/transfer_learning_tutorial.html
 *
 * @example
 * ```ts
 * import { DataLoader, Tensor, TensorDataset, nn, optim, trainModel } from 'onnx-finetune'
 *
 * const data = new TensorDataset(Tensor.zeros([8, 4]), Tensor.zeros([8], 'int32'))
 * const model = new nn.Linear(4, 2)
 * const { bestAccuracy, history } = await trainModel(model, {
 *   dataloaders: { train: new DataLoader(data, { batchSize: 4 }), val: new DataLoader(data, { batchSize: 4 }) },
 *   criterion: new nn.CrossEntropyLoss(),
 *   optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
 *   numEpochs: 2,
 * })
 * ```
 *
 * @example Saved every hundred steps, and run again after it was stopped, killed or out of power, it goes on as if it had not been:
 * ```ts
 * import { trainModel, type TrainModelOptions, type nn } from 'onnx-finetune'
 *
 * async function run(model: nn.Module, options: TrainModelOptions) {
 *   const checkpoint = { directory: 'runs/first', everySteps: 100 }
 *   return trainModel(model, { ...options, checkpoint, resume: true })
 * }
 * ```
 */
export async function trainModel<M extends Module>(
  model: M,
  options: TrainModelOptions,
): Promise<TrainResult<M>> {
  const began = performance.now()
  const reporter = options.progress === false ? undefined : progressReporter(options)
  const callbacks: TrainCallback[] = [...(reporter ? [reporter.report] : []), ...(options.callbacks ?? [])]
  const history: EpochMetrics[] = []
  let best: EpochMetrics | undefined
  let device: Device = 'cpu'
  try {
    for await (const event of train(model, options)) {
      if (event.type === 'start') {
        device = event.device
        const { history: before = [], bestEpoch } = event.resumed ?? {}
        history.push(...before)
        if (bestEpoch !== undefined) best = before[bestEpoch]
      }
      if (event.type === 'epoch') {
        history.push(event.metrics)
        if (event.isBest) best = event.metrics
      }
      for (const callback of callbacks) await callback(event)
    }
  } finally {
    reporter?.stop()
  }
  const { epoch: bestEpoch, train: trained, val } = best!
  const bestAccuracy = (val ?? trained).accuracy
  return { model, bestAccuracy, bestEpoch, history, seconds: (performance.now() - began) / 1000, device }
}
