import { afterEach, describe, expect, it } from 'vitest'

import { ArgumentError, DTypeError, RuntimeError, ShapeError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { mul, sub } from '../../src/ops/elementwise.ts'
import { reduceMean } from '../../src/ops/reduce.ts'
import { CrossEntropyLoss } from '../../src/nn/cross-entropy-loss.ts'
import { BatchNorm2d } from '../../src/nn/batch-norm2d.ts'
import { Flatten, Sequential } from '../../src/nn/layers.ts'
import { Linear } from '../../src/nn/linear.ts'
import { SGD } from '../../src/optim/sgd.ts'
import type { Criterion } from '../../src/runtime/criterion.ts'
import { TrainingSession, type TrainingSessionOptions } from '../../src/runtime/training-session.ts'
import type { ResNet } from '../../src/vision/models/resnet.ts'
import { batchOf, fixture, startModel, unpack } from './tiny-resnet.ts'

const open: TrainingSession[] = []
afterEach(async () => {
  for (const session of open.splice(0)) await session.close()
})

async function start(frozen: boolean, engine: 'worker' | 'inline' = 'inline') {
  const model = startModel(frozen)
  const optimizer = new SGD(model.parameters(), { lr: 0.01, momentum: 0.9, weightDecay: 1e-3 })
  const criterion = new CrossEntropyLoss()
  const session = await TrainingSession.create(model, {
    criterion,
    optimizer,
    device: 'cpu',
    threads: 1,
    engine,
  })
  open.push(session)
  return { model, optimizer, session }
}

async function twentySteps({ optimizer, session }: Awaited<ReturnType<typeof start>>): Promise<number[]> {
  const losses: number[] = []
  for (let epoch = 0; epoch < 10; epoch++) {
    for (const { inputs, labels } of [batchOf(0, 4), batchOf(4, 7)]) {
      losses.push((await session.trainStep(inputs, labels)).loss)
    }
    // StepLR(step_size=3, gamma=0.5)
    if ((epoch + 1) % 3 === 0) for (const group of optimizer.paramGroups) group.lr *= 0.5
  }
  return losses
}

describe.each(['finetune', 'frozen'] as const)('%s', (kind) => {
  it("has PyTorch's losses for 20 steps, its parameters, and its running statistics", async () => {
    const run = fixture.runs[kind]
    const started = await start(kind === 'frozen')
    const losses = await twentySteps(started)
    losses.forEach((loss, step) => {
      expect(Math.abs(loss / run.losses[step]! - 1), `step ${step}`).toBeLessThan(1e-3)
    })
    const { inputs, labels } = batchOf(0, 7)
    expect((await started.session.evalStep(inputs, labels)).loss).toBeCloseTo(run.evalLoss, 3)
    await started.session.pull()
    const state = started.model.stateDict()
    for (const [key, packed] of Object.entries(run.state)) {
      const expected = unpack(packed)
      const scale = Math.max(...expected.data.map(Math.abs))
      expected.data.forEach((value, index) => {
        expect(Math.abs(Number(state.get(key)!.data[index]) - value), key).toBeLessThan(1e-3 * scale)
      })
    }
    expect(state.get('bn1.num_batches_tracked')?.item()).toBe(20)
  })
})

describe('TrainingSession', () => {
  it('repeats bit for bit, in a worker or inline', async () => {
    const inline = await twentySteps(await start(false))
    expect(await twentySteps(await start(false, 'worker'))).toEqual(inline)
  })

  it('goes back to a snapshot, buffers included', async () => {
    const { session } = await start(false)
    const { inputs, labels } = batchOf(0, 4)
    await session.trainStep(inputs, labels)
    await session.snapshot()
    const kept = (await session.evalStep(inputs, labels)).loss
    await session.trainStep(inputs, labels)
    expect((await session.evalStep(inputs, labels)).loss).not.toBe(kept)
    await session.restore()
    expect((await session.evalStep(inputs, labels)).loss).toBe(kept)
  })

  it('names what is wrong with a batch', async () => {
    const { session } = await start(false)
    const { inputs, labels } = batchOf(0, 4)
    await session.trainStep(inputs, labels)
    await expect(session.trainStep(inputs, Tensor.from([0, 1, 2, 0], 'int32'))).rejects.toThrow(ArgumentError)
    await expect(session.trainStep(inputs, Tensor.from([0, 1], 'int32'))).rejects.toThrow(ShapeError)
    await expect(session.trainStep(Tensor.zeros([4, 3, 8, 8]), labels)).rejects.toThrow(
      /was built for inputs/,
    )
    await expect(session.trainStep(Tensor.zeros(inputs.shape, 'uint8'), labels)).rejects.toThrow(DTypeError)
  })
})

/** A session on the model itself: without a fixture. */
async function startWith(model: ResNet | Linear | Sequential, options: TrainingSessionOptions) {
  const session = await TrainingSession.create(model, {
    device: 'cpu',
    threads: 1,
    engine: 'inline',
    ...options,
  })
  open.push(session)
  return session
}

describe('without an optimizer or a criterion', () => {
  const { inputs, labels } = batchOf(0, 4)

  it('evaluates and predicts, and says what training needs', async () => {
    const model = startModel(false)
    const session = await startWith(model, { criterion: new CrossEntropyLoss() })
    const { outputs } = await session.evalStep(inputs, labels)
    expect((await session.predict(inputs)).equals(outputs)).toBe(true)
    await expect(session.trainStep(inputs, labels)).rejects.toThrow(/create the session with an optimizer/)
    await expect(session.trainStep(inputs, labels)).rejects.toThrow(RuntimeError)
    expect(model.training).toBe(true)
  })

  it('predicts outputs that no label fits', async () => {
    const session = await startWith(new Sequential(new Flatten(2)), {})
    expect((await session.predict(Tensor.zeros([2, 3, 4, 5]))).shape).toEqual([2, 3, 20])
    await expect(session.evalStep(Tensor.zeros([2, 3, 4, 5]), labels)).rejects.toThrow(
      /create the session with a criterion/,
    )
  })

  it('takes another input shape after one that the model refuses', async () => {
    const session = await startWith(new Linear(4, 2), {})
    await expect(session.predict(Tensor.zeros([2, 5]))).rejects.toThrow()
    expect((await session.predict(Tensor.zeros([2, 4]))).shape).toEqual([2, 2])
  })
})

describe('the state on the device', () => {
  const { inputs, labels } = batchOf(0, 4)

  it.each(['evalStep', 'predict'] as const)('is the trained one for %s before and after', async (step) => {
    const outputsOf = async (session: TrainingSession) =>
      step === 'predict' ? session.predict(inputs) : (await session.evalStep(inputs, labels)).outputs
    const { session } = await start(false)
    const before = await outputsOf(session)
    const { loss } = await session.trainStep(inputs, labels)
    const after = await outputsOf(session)
    expect(after.equals(before)).toBe(false)

    const other = (await start(false)).session
    expect((await other.trainStep(inputs, labels)).loss).toBe(loss)
    expect((await outputsOf(other)).equals(after)).toBe(true)
  })

  it('is the trained one for evaluations with constant weights, which follow the first', async () => {
    const { session } = await start(false)
    for (let step = 0; step < 3; step++) {
      const evaluations = [0, 1, 2].map(() => session.evalStep(inputs, labels))
      const [first, second, third] = await Promise.all(evaluations)
      expect(second!.loss).toBeCloseTo(first!.loss, 5)
      second!.outputs.data.forEach((value, index) => {
        expect(value).toBeCloseTo(Number(first!.outputs.data[index]), 4)
      })
      expect(third).toEqual(second)
      await session.trainStep(inputs, labels)
    }
  })

  it('is what was pushed, for evaluations with constant weights too', async () => {
    const started = await start(false)
    for (let step = 0; step < 2; step++) await started.session.evalStep(inputs, labels)
    for (const parameter of started.model.parameters()) parameter.tensor = Tensor.zeros(parameter.shape)
    await started.session.push()
    for (let step = 0; step < 2; step++) {
      const { outputs } = await started.session.evalStep(inputs, labels)
      expect(new Set(outputs.data as Float32Array)).toEqual(new Set([0]))
    }
  })

  it('is the trained one after first calls that did not wait for each other', async () => {
    const expected = (await start(false)).session
    await expected.trainStep(inputs, labels)
    const { session } = await start(false, 'worker')
    await Promise.all([
      session.predict(inputs),
      session.trainStep(inputs, labels),
      session.evalStep(inputs, labels),
    ])
    expect((await session.predict(inputs)).equals(await expected.predict(inputs))).toBe(true)
  })

  it('is read by an evaluation that was built while it was frozen', async () => {
    const { session, model } = await start(true)
    const before = await session.predict(inputs)
    model.requiresGrad_()
    await session.trainStep(inputs, labels)
    await session.pull()
    const fresh = await startWith(model, {})
    const expected = await fresh.predict(inputs)
    expect((await session.predict(inputs)).equals(before)).toBe(false)
    const actual = await session.predict(inputs)
    actual.data.forEach((value, index) => {
      expect(value).toBeCloseTo(Number(expected.data[index]), 5)
    })
  })

  it('is released by await using, and a closed session may be closed again', async () => {
    let kept: TrainingSession
    {
      await using session = await startWith(startModel(false), {})
      kept = session
      await session.predict(inputs)
    }
    await expect(kept.predict(inputs)).rejects.toThrow(RuntimeError)
    await kept.close()
  })
})

describe('targets', () => {
  /** Mean squared error, written by a user. */
  const criterion: Criterion = {
    targetType: 'float',
    loss: (outputs, targets) => {
      const difference = sub(outputs, targets)
      return reduceMean(mul(difference, difference))
    },
  }

  it('may be float, in the shape of the outputs', async () => {
    const model = new Linear(3, 2)
    const session = await startWith(model, { criterion, optimizer: new SGD(model.parameters(), { lr: 0.1 }) })
    const inputs = Tensor.from([[1, 2, 3]])
    const outputs = await session.predict(inputs)
    const targets = Tensor.from((outputs.toList() as number[][]).map((row) => row.map((value) => value + 2)))
    expect((await session.trainStep(inputs, targets)).loss).toBeCloseTo(4, 5)
    await expect(session.trainStep(inputs, Tensor.zeros([1], 'int32'))).rejects.toThrow(DTypeError)
    await expect(session.trainStep(inputs, Tensor.zeros([1]))).rejects.toThrow(ShapeError)
  })

  it('pass with the index that the criterion ignores, and with no other one outside', async () => {
    const session = await startWith(new Linear(3, 2), { criterion: new CrossEntropyLoss() })
    const inputs = Tensor.zeros([2, 3])
    const evaluate = (labels: number[]) => session.evalStep(inputs, Tensor.from(labels, 'int32'))
    expect((await evaluate([-100, 1])).loss).toBeGreaterThan(0)
    await expect(evaluate([-1, 1])).rejects.toThrow(/label -1 .* 2 classes .*-100.*give the head/)
    await expect(evaluate([2, 1])).rejects.toThrow(ArgumentError)
  })

  it('must not all be ignored where the loss is a mean', async () => {
    const [inputs, labels] = [Tensor.zeros([2, 3]), Tensor.full([2], -7, 'int32')]
    const ofReduction = (reduction: 'mean' | 'sum') =>
      startWith(new Linear(3, 2), { criterion: new CrossEntropyLoss({ ignoreIndex: -7, reduction }) })
    const mean = (await ofReduction('mean')).evalStep(inputs, labels)
    await expect(mean).rejects.toThrow(/all 2 labels .* are -7, which is ignored/)
    expect((await (await ofReduction('sum')).evalStep(inputs, labels)).loss).toBeCloseTo(0)
  })
})

describe('a batch with one value a channel', () => {
  const [inputs, labels] = [Tensor.zeros([1, 3, 1, 1]), Tensor.zeros([1], 'int32')]
  const pair = [Tensor.zeros([2, 3, 1, 1]), Tensor.zeros([2], 'int32')] as const

  it('is refused before the step, naming the layer', async () => {
    const model = new Sequential(new BatchNorm2d(3), new Flatten(), new Linear(3, 2))
    const optimizer = new SGD(model.parameters(), { lr: 0.1 })
    const session = await startWith(model, { criterion: new CrossEntropyLoss(), optimizer })
    const step = session.trainStep(inputs, labels)
    await expect(step).rejects.toThrow(ShapeError)
    await expect(step).rejects.toThrow(/batch of 1 .* 2 are needed\. 0: .*one value a channel.*dropLast/)
    expect((await session.evalStep(inputs, labels)).loss).toBeGreaterThan(0)
    expect((await session.trainStep(...pair)).loss).toBeGreaterThan(0)
  })

  it('is refused in evaluation too where there are no running statistics', async () => {
    const session = await startWith(new Sequential(new BatchNorm2d(3, { trackRunningStats: false })), {})
    await expect(session.predict(inputs)).rejects.toThrow(ShapeError)
    await session.predict(pair[0])
  })
})

describe('num_batches_tracked', () => {
  const { inputs, labels } = batchOf(0, 4)

  it('goes back with a snapshot', async () => {
    const { session, model } = await start(false)
    await session.trainStep(inputs, labels)
    await session.pull()
    await session.snapshot()
    await session.trainStep(inputs, labels)
    await session.restore()
    await session.pull()
    expect(model.stateDict().get('bn1.num_batches_tracked')!.item()).toBe(1)
    await session.trainStep(inputs, labels)
    await session.pull()
    expect(model.stateDict().get('bn1.num_batches_tracked')!.item()).toBe(2)
  })

  it('is counted once where the momentum is null, and the running mean is that of all batches', async () => {
    const bn = new BatchNorm2d(1, { momentum: null })
    const model = new Sequential(bn, new Flatten(), new Linear(2, 2))
    const optimizer = new SGD(model.parameters(), { lr: 0.1 })
    const session = await startWith(model, { criterion: new CrossEntropyLoss(), optimizer })
    for (const value of [1, 5, 9]) {
      await session.trainStep(Tensor.full([2, 1, 1, 2], value), Tensor.zeros([2], 'int32'))
    }
    await session.pull()
    expect(bn.num_batches_tracked!.tensor.item()).toBe(3)
    expect(bn.running_mean!.tensor.item()).toBeCloseTo(5, 5)
  })
})

it('push continues from what was loaded into module and optimizer', async () => {
  const { inputs, labels } = batchOf(0, 4)
  const { session, model, optimizer } = await start(false)
  await session.trainStep(inputs, labels)
  await session.pull()
  const saved = { model: model.stateDict(), optimizer: optimizer.stateDict() }
  const { loss } = await session.trainStep(inputs, labels)
  model.loadStateDict(saved.model)
  optimizer.loadStateDict(saved.optimizer)
  expect((await session.trainStep(inputs, labels)).loss).not.toBe(loss)

  model.loadStateDict(saved.model)
  optimizer.loadStateDict(saved.optimizer)
  await session.push()
  expect((await session.trainStep(inputs, labels)).loss).toBe(loss)
  await session.pull()
  expect(model.stateDict().get('bn1.num_batches_tracked')!.item()).toBe(2)
})

it('says which device runs it and why', async () => {
  const session = await startWith(new Linear(3, 2), { device: 'auto' })
  expect(session.device).toBe('cpu')
  expect(session.deviceReason).toMatch(/auto/)
})
