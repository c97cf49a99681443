import { createHash } from 'node:crypto'

import { describe, expect, it, vi } from 'vitest'

import { ArgumentError, ShapeError } from '../../src/core/errors.ts'
import { Generator } from '../../src/core/generator.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { EngineHost } from '../../src/runtime/engine-host.ts'
import * as nn from '../../src/nn/nn.ts'
import * as optim from '../../src/optim/optim.ts'
import { buildTraining } from '../../src/runtime/training-graph.ts'
import {
  TrainingSession,
  type StepBatch,
  type TrainingSessionOptions,
} from '../../src/runtime/training-session.ts'
import { BasicBlock, ResNet } from '../../src/vision/models/resnet.ts'
import { onWebgpu, whyNoWebgpu } from './webgpu.ts'

/** Noise; batches of one epoch differ in size, the last as a rule. */
function batchesOf(sizes: readonly number[], shape: readonly number[]): StepBatch[] {
  const generator = new Generator(1)
  return sizes.map((size) => {
    const inputs = Tensor.zeros([size, ...shape])
    for (let index = 0; index < inputs.size; index++) inputs.data[index] = generator.normal()
    const labels = Array.from({ length: size }, (_, index) => index % 2)
    return { inputs, labels: Tensor.from(labels, 'int32') }
  })
}

/** A residual network whose head drops out. */
function network(): ResNet {
  const generator = new Generator(0)
  const model = new ResNet(
    { block: BasicBlock, layers: [1, 1, 1, 1], width: 8 },
    { numClasses: 2, generator },
  )
  const layers = [new nn.Dropout(0.4), new nn.Linear(64, 2, { generator })]
  return Object.assign(model, { fc: new nn.Sequential(...layers) })
}

const digest = ({ data }: Tensor): string => {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return createHash('sha256').update(bytes).digest('hex')
}

interface Setting {
  readonly make: (model: nn.Module) => optim.Optimizer
  readonly prepare?: (model: ResNet) => void
  readonly options?: TrainingSessionOptions
  readonly perBatch?: (optimizer: optim.Optimizer) => void
}

/** Steps on eight batches: all that they give, and all that is left of them, to the last bit. */
async function end({ make, prepare, options, perBatch }: Setting, stepsPerRun: number) {
  const model = network()
  prepare?.(model)
  const optimizer = make(model)
  const criterion = new nn.CrossEntropyLoss()
  const own = { criterion, optimizer, device: 'cpu', engine: 'inline', generator: new Generator(5) } as const
  await using session = await TrainingSession.create(model.train(), { ...own, ...options, stepsPerRun })
  const batches = batchesOf([4, 4, 2, 4, 3, 4, 4, 2], [3, 32, 32])
  const steps = await session.trainSteps(batches, { afterStep: () => perBatch?.(optimizer) })
  const { loss: evalLoss } = await session.evalStep(batches[0]!.inputs, batches[0]!.labels)
  await session.pull()
  const slots = [...optimizer.state.values()].flatMap((slots) => Object.entries(slots))
  return {
    losses: steps.map(({ loss }) => loss),
    outputs: steps.map(({ outputs }) => [outputs.shape, digest(outputs)]),
    evalLoss,
    state: [...model.stateDict()].map(([name, tensor]) => [name, digest(tensor)]),
    slots: slots.map(([slot, tensor]) => [slot, digest(tensor)]),
    counted: [...model.parameters()].map((parameter) => optimizer.steps(parameter)),
  }
}

const momentum = { lr: 0.05, momentum: 0.9, weightDecay: 1e-3 }
const sgd = (model: nn.Module) => new optim.SGD(model.parameters(), momentum)

describe('several steps in one run end as single ones do, to the last bit', () => {
  it.each<[string, Setting]>([
    ['SGD with momentum', { make: sgd }],
    ['Adam', { make: (model) => new optim.Adam(model.parameters(), { lr: 0.01, amsgrad: true }) }],
    [
      'AdamW with a learning rate for each batch',
      {
        make: (model) => new optim.AdamW(model.parameters(), { lr: 0.01 }),
        perBatch: ({ paramGroups }) => {
          paramGroups.forEach((group) => Object.assign(group, { lr: group.lr * 0.7 }))
        },
      },
    ],
    [
      'parameter groups',
      {
        make: (model) => {
          const entries = [...model.namedParameters()]
          const inHead = ([name]: readonly [string, unknown]) => name.startsWith('fc.')
          const [head, rest] = [entries.filter(inHead), entries.filter((entry) => !inHead(entry))]
          const groups = [rest, head].map((group) => group.map(([, parameter]) => parameter))
          return new optim.SGD([{ params: groups[0]!, lr: 0.001 }, { params: groups[1]! }], momentum)
        },
      },
    ],
    [
      'a frozen backbone',
      { make: sgd, prepare: (model) => (model.requiresGrad_(false), model.fc.requiresGrad_(true)) },
    ],
    [
      'BatchNorm in evaluation mode',
      {
        make: sgd,
        prepare: (model) => {
          for (const [, module] of model.namedModules()) if (module instanceof nn.BatchNorm2d) module.eval()
        },
      },
    ],
    ['recomputed activations', { make: sgd, options: { gradientCheckpointing: true } }],
  ])('%s', async (_, setting) => {
    expect(await end(setting, 3)).toEqual(await end(setting, 1))
  })
})

/** A linear model's session, with inputs [N, 4]. */
async function linear(stepsPerRun: number, device: 'cpu' | 'wasm' | 'webgpu' = 'cpu') {
  const model = new nn.Linear(4, 2, { generator: new Generator(0) })
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 })
  const options = { criterion: new nn.CrossEntropyLoss(), optimizer, device, stepsPerRun } as const
  return { model, session: await TrainingSession.create(model, { ...options, engine: 'inline' }) }
}

describe('trainSteps', () => {
  it('makes full runs of one graph, and singly what is left', async () => {
    const run = vi.spyOn(EngineHost.prototype, 'run')
    const { session } = await linear(2)
    const after: number[] = []
    const steps = await session.trainSteps(batchesOf([3, 2, 4, 1, 2], [4]), {
      afterStep: (step) => void after.push(step),
    })
    await session.close()
    expect(run.mock.calls.map(([name]) => name)).toEqual(['several', 'several', 'train'])
    expect(steps.map(({ outputs }) => outputs.shape)).toEqual([3, 2, 4, 1, 2].map((size) => [size, 2]))
    expect(after).toEqual([0, 1, 2, 3, 4])
    run.mockRestore()
  })

  it('gives nothing for no batches', async () => {
    const { session } = await linear(2)
    expect(await session.trainSteps([])).toEqual([])
    await session.close()
  })

  it('refuses a batch that does not fit before it makes a step of that run', async () => {
    const { model, session } = await linear(2)
    const [fits] = batchesOf([3], [4])
    const wrong = batchesOf([3], [5])[0]!
    await session.trainSteps([fits!])
    await session.pull()
    const before = model.weight.tensor.clone()
    await expect(session.trainSteps([fits!, wrong])).rejects.toThrow(ShapeError)
    await session.pull()
    expect(model.weight.tensor.data).toEqual(before.data)
    await session.close()
  })

  it.each([0, -1, 1.5, NaN])('refuses %s steps in a run', async (stepsPerRun) => {
    const { model, options } = {
      model: new nn.Linear(2, 2),
      options: { device: 'cpu', stepsPerRun } as const,
    }
    await expect(TrainingSession.create(model, options)).rejects.toThrow(
      new ArgumentError(`stepsPerRun must be an integer of at least 1, not ${stepsPerRun}`),
    )
  })

  async function expectCpusEnd(device: 'wasm' | 'webgpu'): Promise<void> {
    const ends: number[][] = []
    for (const [steps, on] of [
      [1, 'cpu'],
      [3, device],
    ] as const) {
      const { model, session } = await linear(steps, on)
      await session.trainSteps(batchesOf([3, 2, 4, 2, 4, 1], [4]))
      await session.pull()
      ends.push([...model.parameters()].flatMap(({ tensor }) => Array.from(tensor.data, Number)))
      await session.close()
    }
    const [cpu, own] = ends
    cpu!.forEach((value, index) => {
      expect(Math.abs(own![index]! - value)).toBeLessThan(1e-5)
    })
  }

  it('ends on wasm as on the CPU', async () => {
    await expectCpusEnd('wasm')
  })

  it.skipIf(whyNoWebgpu !== undefined)(onWebgpu('ends on webgpu as on the CPU'), async () => {
    await expectCpusEnd('webgpu')
  })
})

it('writes the optimizer’s state over the old one, as a single step does', async () => {
  const model = new nn.Sequential(new nn.Linear(4, 3), new nn.Linear(3, 2))
  const optimizer = new optim.AdamW(model.parameters())
  const plan = await buildTraining(model, [4], new nn.CrossEntropyLoss(), optimizer, 'cpu', {
    stepsPerRun: 3,
  })
  const { program } = await plan.several!()
  expect(plan.program.inPlace).toHaveLength(8)
  expect(program.inPlace).toEqual(plan.program.inPlace)
  expect(program.stateInputs).toEqual(plan.program.stateInputs)
  expect(Object.values(program.updates)).toEqual(Object.values(plan.program.updates))
  expect(program.fetches).toHaveLength(6)
})
