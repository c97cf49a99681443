import { describe, expect, it } from 'vitest'

import { AbortError, ArgumentError, DataError, NonFiniteLossError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import type { Batch } from '../../src/data/collate.ts'
import type { TrainEvent } from '../../src/train/events.ts'
import type { StepSession } from '../../src/train/loop-types.ts'
import { argmaxRows, RunningMetrics } from '../../src/train/running-metrics.ts'
import { trainEpochs, type TrainEpochsOptions } from '../../src/train/train-epochs.ts'

const batchOf = (labels: number[]): Batch => ({
  inputs: Tensor.zeros([labels.length, 1]),
  labels: Tensor.from(labels, 'int32'),
})

function loader(...batches: Batch[]) {
  return {
    length: batches.length,
    async *[Symbol.asyncIterator]() {
      for (const batch of batches) yield await Promise.resolve(batch)
    },
  }
}

/** Logits that say "class 1", a scripted loss for each step, and a log of what the loop asked for. */
function scriptedSession(trainLosses: number[], valCorrect: boolean[] = []) {
  const log: string[] = []
  const answer = (labels: Tensor, loss: number, correct: boolean) => {
    const rows = [...(labels.data as Int32Array)].map((label) =>
      [label === 0, label === 1].map((hit) => Number(hit === correct)),
    )
    return Promise.resolve({ loss, outputs: Tensor.from(rows) })
  }
  const session: StepSession = {
    trainStep: (_, labels) => (log.push('train'), answer(labels, trainLosses.shift() ?? 1, true)),
    trainSteps: (batches) => {
      log.push(`train ${batches.length}`)
      return Promise.all(batches.map(({ labels }) => answer(labels, trainLosses.shift() ?? 1, true)))
    },
    evalStep: (_, labels) => (log.push('eval'), answer(labels, 0.5, valCorrect.shift() ?? true)),
    snapshot: () => (log.push('snapshot'), Promise.resolve()),
    restore: () => (log.push('restore'), Promise.resolve()),
  }
  return { session, log }
}

const optimizer = { paramGroups: [{ lr: 0.1 }] }

async function collect(session: StepSession, options: TrainEpochsOptions) {
  const events: TrainEvent[] = []
  for await (const event of trainEpochs(session, options)) events.push(event)
  return events
}

describe('trainEpochs', () => {
  it('trains, validates, steps the scheduler, and keeps only epochs that are better', async () => {
    const { session, log } = scriptedSession([], [false, true, false])
    const metrics: (number | undefined)[] = []
    const scheduler = { step: (metric?: number) => void metrics.push(metric) }
    const dataloaders = { train: loader(batchOf([0, 1])), val: loader(batchOf([1])) }
    const events = await collect(session, { dataloaders, numEpochs: 3, optimizer, scheduler })
    const epochs = events.filter((event) => event.type === 'epoch')
    expect(epochs.map(({ isBest }) => isBest)).toEqual([true, true, false])
    expect(epochs.map((event) => event.metrics.val?.accuracy)).toEqual([0, 1, 0])
    expect(log).toEqual([
      'train',
      'eval',
      'snapshot',
      'train',
      'eval',
      'snapshot',
      'train',
      'eval',
      'restore',
    ])
    expect(metrics).toEqual([0.5, 0.5, 0.5])
  })

  it('weighs batches by their size, as the tutorial does', async () => {
    const { session } = scriptedSession([1, 4])
    const events = await collect(session, {
      dataloaders: { train: loader(batchOf([0, 0, 0]), batchOf([1])) },
      numEpochs: 1,
      optimizer,
    })
    expect(events.find((event) => event.type === 'phase')?.metrics.loss).toBe((3 * 1 + 4) / 4)
  })

  it('stops at a NaN loss, names the place, and loads the best back', async () => {
    const { session, log } = scriptedSession([1, NaN])
    const run = collect(session, { dataloaders: { train: loader(batchOf([0])) }, numEpochs: 3, optimizer })
    await expect(run).rejects.toThrow(NonFiniteLossError)
    await expect(run).rejects.toMatchObject({ epoch: 1, batch: 0, learningRates: [0.1] })
    expect(log.at(-1)).toBe('restore')
  })

  it('gathers batches into runs, and names the batch of a run whose loss is NaN', async () => {
    const { session, log } = scriptedSession([1, 1, 1, 1, 1, 1, 1, NaN])
    const train = loader(...[0, 1, 0, 1, 0].map((label) => batchOf([label])))
    const run = collect(session, { dataloaders: { train }, numEpochs: 3, optimizer, stepsPerRun: 2 })
    await expect(run).rejects.toMatchObject({ name: 'NonFiniteLossError', epoch: 1, batch: 2 })
    expect(log).toEqual(['train 2', 'train 2', 'train', 'snapshot', 'train 2', 'train 2', 'restore'])
  })

  it('stops between batches when aborted', async () => {
    const { session, log } = scriptedSession([])
    const controller = new AbortController()
    const batches = trainEpochs(session, {
      dataloaders: { train: loader(batchOf([0]), batchOf([1]), batchOf([0])) },
      numEpochs: 1,
      optimizer,
      signal: controller.signal,
    })
    await batches.next()
    controller.abort()
    await expect(batches.next()).rejects.toThrow(AbortError)
    expect(log).toEqual(['train'])
  })

  it('refuses no epochs and an empty loader', async () => {
    const { session } = scriptedSession([])
    const dataloaders = { train: loader() }
    await expect(collect(session, { dataloaders, numEpochs: 0, optimizer })).rejects.toThrow(ArgumentError)
    await expect(collect(session, { dataloaders, numEpochs: 1, optimizer })).rejects.toThrow(DataError)
  })
})

describe('metrics', () => {
  it('takes the first of equal logits', () => {
    expect(
      argmaxRows(
        Tensor.from([
          [1, 1],
          [0, 2],
        ]),
      ),
    ).toEqual([0, 1])
  })

  it('is NaN before the first batch', () => {
    expect(new RunningMetrics().value.loss).toBeNaN()
  })
})
