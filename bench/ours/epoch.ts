import { DataLoader, nn, optim, train, type Batch, type BatchSource } from 'onnx-finetune'

import type { EpochRequest, Reply, Settings } from '../protocol.ts'
import { openFolder } from './load.ts'
import { makeNetwork } from './networks.ts'

/** Seconds of one epoch of `train`, training and validation, after a few batches of each. */
export async function epoch(request: EpochRequest, settings: Settings): Promise<Reply> {
  const { strategy, batch, workers, warmUp, most } = request
  const options = { batchSize: batch, shuffle: true, numWorkers: workers }
  await using trainLoader = new DataLoader(await openFolder('train', settings), options)
  await using valLoader = new DataLoader(await openFolder('val', settings), options)
  const work = strategy === 'finetune' ? 'finetune' : 'frozen'
  const model = await makeNetwork('resnet18', work, settings)
  const limits = [warmUp, most]
  const dataloaders = {
    train: new FirstBatches(trainLoader, limits),
    val: new FirstBatches(valLoader, limits),
  }
  return { times: [await secondsOfSecondEpoch(model, dataloaders)] }
}

/** Trains for two epochs, of which the first warms up. */
export async function secondsOfSecondEpoch(
  model: nn.Module,
  dataloaders: { readonly train: BatchSource; readonly val: BatchSource },
): Promise<number> {
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.001, momentum: 0.9 })
  const events = train(model, {
    dataloaders,
    criterion: new nn.CrossEntropyLoss(),
    optimizer,
    scheduler: new optim.StepLR(optimizer, { stepSize: 7, gamma: 0.1 }),
    numEpochs: 2,
    device: 'cpu',
  })
  const ends: number[] = []
  for await (const event of events) if (event.type === 'epoch') ends.push(performance.now())
  return (ends[1]! - ends[0]!) / 1000
}

/** The first batches of each epoch, as many as the limit of that epoch. */
class FirstBatches implements BatchSource {
  readonly #source: BatchSource
  readonly #limits: readonly number[]
  #epoch = 0

  constructor(source: BatchSource, limits: readonly number[]) {
    this.#source = source
    this.#limits = limits
  }

  get length(): number {
    return Math.min(this.#source.length, this.#limits[this.#epoch - 1] ?? Infinity)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    this.#epoch++
    const limit = this.length
    let count = 0
    for await (const batch of this.#source) {
      yield batch
      if (++count === limit) return
    }
  }
}
