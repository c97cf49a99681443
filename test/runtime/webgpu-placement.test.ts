import { describe, expect, it } from 'vitest'

import { Tensor } from '../../src/core/tensor.ts'
import { Graph } from '../../src/graph/graph.ts'
import { serialize } from '../../src/graph/serialize.ts'
import { checkpointBlocks } from '../../src/nn/checkpoint-blocks.ts'
import * as nn from '../../src/nn/nn.ts'
import * as optim from '../../src/optim/optim.ts'
import type { Criterion } from '../../src/runtime/criterion.ts'
import { buildEvaluation, buildTraining } from '../../src/runtime/training-graph.ts'
import { models } from '../../src/index.ts'
import { onWebgpu, openStrict, placeOnDevice, whyNoWebgpu } from './webgpu.ts'

interface Step {
  readonly model: nn.Module
  readonly shape: readonly number[]
  readonly criterion?: Criterion
  readonly optimizer?: (model: nn.Module) => optim.Optimizer
  readonly checkpointing?: boolean
}

const sgd = (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 })

/** Makes the sessions of a training step and of an evaluation, and expects every node on the device. */
async function expectOnDevice({
  model,
  shape,
  criterion = new nn.CrossEntropyLoss(),
  optimizer = sgd,
  checkpointing = false,
}: Step): Promise<void> {
  const made = optimizer(model)
  const blocks = checkpointBlocks(model, checkpointing)
  const training = await buildTraining(model.train(), shape, criterion, made, 'webgpu', { blocks })
  await expect(placeOnDevice(training.program)).resolves.toBeUndefined()
  const evaluation = await buildEvaluation(model, shape, { criterion, optimizer: made }, 'webgpu')
  await expect(placeOnDevice(evaluation.program)).resolves.toBeUndefined()
}

const head = (...layers: nn.Module[]) =>
  new nn.Sequential(new nn.Linear(6, 6), ...layers, new nn.Linear(6, 3))
const maps = (...layers: nn.Module[]) =>
  new nn.Sequential(new nn.Conv2d(3, 6, 3, { padding: 1 }), ...layers, new nn.Flatten(), new nn.Linear(24, 3))
const ofHead = (criterion: Criterion): Step => ({ model: head(new nn.ReLU()), shape: [6], criterion })
const withOptimizer = (optimizer: Step['optimizer'] & object): Step => ({
  ...ofHead(new nn.CrossEntropyLoss()),
  optimizer,
})

async function frozen(): Promise<nn.Module> {
  const model = await models.resnet18()
  model.requiresGrad_(false)
  model.fc = new nn.Linear(512, 2)
  return model
}

const pixels = [3, 32, 32]
const weight = Tensor.from([1, 2, 0.5])
const steps: Readonly<Record<string, () => Step | Promise<Step>>> = {
  resnet18: async () => ({ model: await models.resnet18(), shape: pixels }),
  'resnet18 with a head only': async () => ({ model: await frozen(), shape: pixels }),
  'resnet18 with gradient checkpointing': async () => ({
    model: await models.resnet18(),
    shape: pixels,
    checkpointing: true,
  }),
  resnet34: async () => ({ model: await models.resnet34(), shape: pixels }),
  resnet50: async () => ({ model: await models.resnet50(), shape: pixels }),
  Linear: () => ({ model: new nn.Linear(6, 3), shape: [6] }),
  'Linear, ReLU, Dropout, Linear': () => ({ model: head(new nn.ReLU(), new nn.Dropout(0.5)), shape: [6] }),
  'LayerNorm, GELU': () => ({ model: head(new nn.LayerNorm(6), new nn.GELU()), shape: [6] }),
  'GELU by tanh, SiLU': () => ({
    model: head(new nn.GELU({ approximate: 'tanh' }), new nn.SiLU()),
    shape: [6],
  }),
  'Sigmoid, Tanh, Softmax': () => ({
    model: head(new nn.Sigmoid(), new nn.Tanh(), new nn.Softmax(1)),
    shape: [6],
  }),
  'BatchNorm2d, max-pool': () => ({
    model: maps(new nn.BatchNorm2d(6), new nn.ReLU(), new nn.MaxPool2d(3, { stride: 2, padding: 1 })),
    shape: [3, 4, 4],
  }),
  'average pools': () => ({
    model: maps(new nn.AvgPool2d(2), new nn.AdaptiveAvgPool2d(1), new nn.Conv2d(6, 24, 1)),
    shape: [3, 4, 4],
  }),
  'grouped, dilated and strided convolutions': () => ({
    model: maps(
      new nn.Conv2d(6, 6, 3, { padding: 1, groups: 6 }),
      new nn.Conv2d(6, 12, 3, { padding: 2, dilation: 2, groups: 2 }),
      new nn.Conv2d(12, 6, 1, { stride: 2 }),
    ),
    shape: [3, 4, 4],
  }),
  'cross-entropy with weights and smoothing': () =>
    ofHead(new nn.CrossEntropyLoss({ weight, labelSmoothing: 0.1 })),
  'cross-entropy with an ignored label, summed': () =>
    ofHead(new nn.CrossEntropyLoss({ ignoreIndex: 1, reduction: 'sum' })),
  'binary cross-entropy': () => ofHead(new nn.BCEWithLogitsLoss()),
  'binary cross-entropy with weights, summed': () =>
    ofHead(new nn.BCEWithLogitsLoss({ weight, posWeight: weight, reduction: 'sum' })),
  'squared error': () => ofHead(new nn.MSELoss()),
  'SGD without momentum': () => withOptimizer((model) => new optim.SGD(model.parameters(), { lr: 0.1 })),
  'SGD with all of its terms': () =>
    withOptimizer(
      (model) =>
        new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9, weightDecay: 0.1, nesterov: true }),
    ),
  'SGD with dampening': () =>
    withOptimizer((model) => new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9, dampening: 0.1 })),
  Adam: () => withOptimizer((model) => new optim.Adam(model.parameters(), { lr: 0.1, weightDecay: 0.1 })),
  'Adam with amsgrad': () =>
    withOptimizer((model) => new optim.Adam(model.parameters(), { lr: 0.1, amsgrad: true })),
  AdamW: () => withOptimizer((model) => new optim.AdamW(model.parameters(), { lr: 0.1 })),
}

describe.skipIf(whyNoWebgpu !== undefined)(onWebgpu('every operator of a step is on the device'), () => {
  it.each(Object.keys(steps))('%s', async (name) => {
    await expectOnDevice(await steps[name]!())
  })

  it('or the session would be refused', async () => {
    const graph = new Graph()
    const x = graph.input('x', 'float32', ['N'])
    graph.output(graph.add('Sign', [x], {}, [x]).output())
    await expect(openStrict(serialize(graph))).rejects.toThrow(
      /fallback to CPU EP has been explicitly disabled/,
    )
  })
})
