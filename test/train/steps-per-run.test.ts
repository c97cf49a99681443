import { beforeAll, describe, expect, it } from 'vitest'

import {
  AbortError,
  ArgumentError,
  cacheFeatures,
  DataLoader,
  Generator,
  nn,
  optim,
  Tensor,
  TensorDataset,
  trainModel,
  type TrainEvent,
} from '../../src/index.ts'
import { abortAt, endOf, statefulRun, temporaryFolder } from './checkpoint-support.ts'

// Six batches an epoch, the last of two samples.
let single: Awaited<ReturnType<typeof endOf>>
beforeAll(async () => {
  single = await endOf(statefulRun())
})

const batchesIn = (events: readonly TrainEvent[]) =>
  events.flatMap((event) => (event.type === 'batch' ? [event] : []))

describe('several steps in one run', () => {
  it.each([2, 4, 6, 7])('of %i end as single ones do, with the same events', async (stepsPerRun) => {
    const { end, events } = await endOf(statefulRun(), { stepsPerRun })
    expect(end).toEqual(single.end)
    expect(batchesIn(events)).toEqual(batchesIn(single.events))
    expect(events.map(({ type }) => type)).toEqual(single.events.map(({ type }) => type))
  })

  it('leave checkpoints at the steps that were asked for, from which a run goes on', async () => {
    const directory = await temporaryFolder()
    const checkpoint = { directory, everySteps: 5, keepLast: Infinity }
    const { end, events } = await endOf(statefulRun(), { stepsPerRun: 2, checkpoint })
    expect(end).toEqual(single.end)
    const saved = events.flatMap((event) => (event.type === 'checkpoint' ? [event] : []))
    // Those of every fifth step, and of every epoch.
    expect([...new Set(saved.map(({ step }) => step))]).toEqual([5, 6, 10, 12, 15, 18, 20, 24])
    for (const { path } of saved.filter(({ step }) => step === 5 || step === 15)) {
      expect((await endOf(statefulRun(), { stepsPerRun: 4, resume: path })).end).toEqual(single.end)
    }
  })

  it('are all reported before an abort, which saves the state after them', async () => {
    const directory = await temporaryFolder()
    const events: TrainEvent[] = []
    const { callbacks, ...stop } = abortAt((event) => event.type === 'batch' && event.batch === 1)
    const run = endOf(statefulRun(), {
      stepsPerRun: 4,
      checkpoint: { directory },
      ...stop,
      callbacks: [...callbacks, (event) => void events.push(event)],
    })
    await expect(run).rejects.toThrow(AbortError)
    expect(batchesIn(events).map(({ batch }) => batch)).toEqual([0, 1, 2, 3])
    const resumed = await endOf(statefulRun(), { stepsPerRun: 4, checkpoint: { directory }, resume: true })
    expect(resumed.events[0]).toMatchObject({ resumed: { epoch: 0, step: 4 } })
    expect(resumed.end).toEqual(single.end)
  })

  it('refuse hyperparameters that change in their midst, and take them after the last', async () => {
    const changedAt = (at: number) => {
      const run = statefulRun()
      const [group] = run.options.optimizer.paramGroups
      const change = (event: TrainEvent) => {
        if (event.type === 'batch' && event.phase === 'train' && event.batch === at)
          Object.assign(group!, { lr: 0.01 })
      }
      return { run, callbacks: [change] }
    }
    const midst = changedAt(1)
    const refused = endOf(midst.run, { stepsPerRun: 3, callbacks: midst.callbacks })
    await expect(refused).rejects.toThrow(ArgumentError)
    await expect(refused).rejects.toThrow('after batch 2 of the 3 of one run')
    const [one, several] = [changedAt(2), changedAt(2)]
    const expected = await endOf(one.run, { callbacks: one.callbacks })
    const { end } = await endOf(several.run, { stepsPerRun: 3, callbacks: several.callbacks })
    expect(end).toEqual(expected.end)
    expect(end).not.toEqual(single.end)
  })

  it('train a head on cached features', async () => {
    const ends = []
    for (const stepsPerRun of [1, 2]) {
      const generator = new Generator(0)
      const head = new nn.Sequential(new nn.Dropout(0.3), new nn.Linear(8, 2, { generator }))
      const model = new nn.Sequential(new nn.Linear(4, 8, { generator }), new nn.ReLU(), head)
      model.requiresGrad_(false)
      head.requiresGrad_()
      const inputs = Tensor.zeros([10, 4])
      inputs.data.forEach((_, index) => (inputs.data[index] = generator.normal()))
      const labels = Tensor.from([0, 1, 0, 1, 0, 1, 0, 1, 0, 1], 'int32')
      const dataset = new TensorDataset(inputs, labels)
      const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true, generator })
      const dataloaders = await cacheFeatures(model, '2', { train: loader }, { engine: 'inline' })
      const optimizer = new optim.Adam(head.parameters(), { lr: 0.05 })
      const criterion = new nn.CrossEntropyLoss()
      const options = { criterion, optimizer, stepsPerRun, engine: 'inline', progress: false } as const
      const { history } = await trainModel(head, { ...options, dataloaders, numEpochs: 3 })
      ends.push({ losses: history.map(({ train }) => train.loss), state: head.stateDict() })
    }
    expect(ends[1]).toEqual(ends[0])
  })
})
