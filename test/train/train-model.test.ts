import { describe, expect, it } from 'vitest'

import {
  AbortError,
  ArgumentError,
  evaluate,
  NonFiniteLossError,
  optim,
  train,
  trainModel,
  type TrainEvent,
} from '../../src/index.ts'
import { separable } from './support.ts'

describe('trainModel', () => {
  it('learns, and gives the model back with the weights of the best epoch', async () => {
    const { model, options } = separable()
    const before = model.stateDict()
    const result = await trainModel(model, options)
    expect(result.model).toBe(model)
    expect(result.history.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3])
    expect(result.history.at(-1)!.train.loss).toBeLessThan(result.history[0]!.train.loss / 2)
    expect(result.bestAccuracy).toBe(Math.max(...result.history.map(({ val }) => val!.accuracy)))
    expect(result.history[result.bestEpoch]!.val!.accuracy).toBe(result.bestAccuracy)
    expect(result.bestAccuracy).toBeGreaterThan(0.9)
    expect(result.device).toBe('cpu')
    expect(model.training).toBe(false)
    expect(model.stateDict().get('weight')!.equals(before.get('weight')!)).toBe(false)
    const metrics = await evaluate(model, options.dataloaders.val, options)
    expect(metrics).toEqual(result.history[result.bestEpoch]!.val)
  })

  it('without validation keeps the epoch of the lowest training loss', async () => {
    const { model, options } = separable()
    const { train: loader } = options.dataloaders
    const result = await trainModel(model, { ...options, dataloaders: { train: loader } })
    const losses = result.history.map((metrics) => metrics.train.loss)
    expect(losses[result.bestEpoch]).toBe(Math.min(...losses))
    expect(result.bestAccuracy).toBe(result.history[result.bestEpoch]!.train.accuracy)
    expect(result.history[0]).not.toHaveProperty('val')
  })

  it('shows callbacks each event in order and waits for them', async () => {
    const { model, options } = separable()
    const seen: string[] = []
    const note = async (event: TrainEvent) => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      seen.push(
        event.type === 'batch' || event.type === 'phase' ? `${event.phase} ${event.type}` : event.type,
      )
    }
    await trainModel(model, { ...options, numEpochs: 1, callbacks: [note] })
    const phase = (name: string) => [...Array<string>(5).fill(`${name} batch`), `${name} phase`]
    expect(seen).toEqual(['start', ...phase('train'), ...phase('val'), 'epoch'])
  })

  it('stops at a NaN loss, says where, and keeps the best weights so far', async () => {
    const { model, options } = separable()
    const scheduler = { step: () => (options.optimizer.paramGroups[0]!.lr = Infinity) }
    const run = trainModel(model, { ...options, scheduler })
    await expect(run).rejects.toThrow(NonFiniteLossError)
    await expect(run).rejects.toMatchObject({ epoch: 1, learningRates: [Infinity] })
    const { accuracy } = await evaluate(model, options.dataloaders.val, options)
    expect(accuracy).toBeGreaterThan(0.5)
    expect([...model.weight.tensor.data].every((value) => Number.isFinite(Number(value)))).toBe(true)
  })

  it('stops when aborted in the middle of an epoch; a model without a finished epoch is as it was', async () => {
    const { model, options } = separable()
    const before = model.stateDict()
    const controller = new AbortController()
    const abort = (event: TrainEvent) => {
      if (event.type === 'batch' && event.batch === 2) controller.abort()
    }
    const run = trainModel(model, { ...options, signal: controller.signal, callbacks: [abort] })
    await expect(run).rejects.toThrow(AbortError)
    expect(model.stateDict()).toEqual(before)
  })

  it('gives the same losses for the same seed', async () => {
    const losses = async () => {
      const { model, options } = separable({ seed: 7 })
      return (await trainModel(model, options)).history.map((metrics) => metrics.train.loss)
    }
    expect(await losses()).toEqual(await losses())
  })

  it('refuses a number of epochs below 1', async () => {
    const { model, options } = separable()
    await expect(trainModel(model, { ...options, numEpochs: 0 })).rejects.toThrow(ArgumentError)
  })
})

describe('train', () => {
  it('leaves the best weights in the model when the caller breaks off', async () => {
    const { model, options } = separable()
    let best = NaN
    for await (const event of train(model, { ...options, numEpochs: 100 })) {
      if (event.type !== 'epoch') continue
      best = event.metrics.val!.accuracy
      break
    }
    expect((await evaluate(model, options.dataloaders.val, options)).accuracy).toBe(best)
  })

  it('trains in training mode, whatever the mode was', async () => {
    const { model, options } = separable()
    model.eval()
    const modes: boolean[] = []
    for await (const event of train(model, { ...options, numEpochs: 1 })) {
      if (event.type === 'start') modes.push(model.training)
    }
    expect([...modes, model.training]).toEqual([true, false])
  })

  it('leaves the optimizer with the state of the last step', async () => {
    const { model, options } = separable()
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
    await trainModel(model, { ...options, optimizer })
    const state = [...optimizer.state.values()].map((slots) => Object.keys(slots))
    expect(state).toEqual([['momentum_buffer'], ['momentum_buffer']])
  })
})
