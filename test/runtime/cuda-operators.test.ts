import { describe, expect, it, vi } from 'vitest'

import { Tensor } from '../../src/core/tensor.ts'
import { Graph, type Node, type Value } from '../../src/graph/graph.ts'
import { BCEWithLogitsLoss } from '../../src/nn/bce-with-logits-loss.ts'
import { checkpointBlocks } from '../../src/nn/checkpoint-blocks.ts'
import { Conv2d } from '../../src/nn/conv2d.ts'
import { CrossEntropyLoss } from '../../src/nn/cross-entropy-loss.ts'
import { LayerNorm } from '../../src/nn/layer-norm.ts'
import * as layers from '../../src/nn/layers.ts'
import { Linear } from '../../src/nn/linear.ts'
import type { Module } from '../../src/nn/module.ts'
import { MSELoss } from '../../src/nn/mse-loss.ts'
import { Adam, AdamW, SGD } from '../../src/optim/optim.ts'
import type { Optimizer } from '../../src/optim/optimizer.ts'
import type { Criterion } from '../../src/runtime/criterion.ts'
import { buildEvaluation, buildTraining } from '../../src/runtime/training-graph.ts'
import { resnet18, resnet34, resnet50 } from '../../src/io/models.ts'
import { cudaProblem } from './cuda-kernels.ts'

const graphs: Graph[] = []
vi.mock(import('../../src/graph/serialize.ts'), async (original) => ({
  ...(await original()),
  serializeApart: (graph: Graph) => {
    graphs.push(graph)
    return Promise.resolve({ model: new Uint8Array(), weights: {} })
  },
}))

/** All operators of a graph, those in bodies too. */
function allNodes({ nodes }: Graph): Node[] {
  const bodies = nodes.flatMap(({ attributes }) =>
    Object.values(attributes).flatMap((value) => ('graph' in value ? [value.graph] : [])),
  )
  return [...nodes, ...bodies.flatMap(allNodes)]
}

/** Operators that the CUDA provider lacks of the training, of two steps of it in one run, and of the evaluation. */
async function lacking(
  model: Module,
  options: {
    criterion?: Criterion
    optimizer?: Optimizer
    blocks?: readonly string[]
    shape?: readonly number[]
  } = {},
): Promise<string[]> {
  const { criterion = new CrossEntropyLoss(), shape = [3, 64, 64], blocks = [] } = options
  const { optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }) } = options
  graphs.length = 0
  const plan = await buildTraining(model, shape, criterion, optimizer, 'cuda', {
    blocks,
    stepsPerRun: 2,
  })
  await plan.several!()
  await buildEvaluation(model, shape, { criterion, optimizer }, 'cuda')
  expect(graphs).toHaveLength(3)
  return [...new Set(graphs.flatMap(allNodes).flatMap((node) => cudaProblem(node) ?? []))]
}

async function withHead(...head: Module[]): Promise<Module> {
  const model = await resnet18()
  model.fc = new layers.Sequential(...head)
  return model
}

// The list is of ONNX Runtime 1.21, the newest that a package has the document of. That of its main branch when operator set 27
// was new has kernels for the same versions and types of all operators that are found here.
describe("graphs for device 'cuda' hold only operators that its provider has", () => {
  it.each([
    ['resnet18', resnet18],
    ['resnet34', resnet34],
    ['resnet50', resnet50],
  ])('%s, whole, with its head alone, and recomputing activations', async (_, make) => {
    const model = await make()
    expect(await lacking(model)).toEqual([])
    expect(await lacking(model, { blocks: checkpointBlocks(model, true) })).toEqual([])
    model.requiresGrad_(false)
    model.fc = new Linear(model.fc.inFeatures, 2)
    expect(await lacking(model)).toEqual([])
  })

  it.each<[string, () => Module[]]>([
    ['dropout', () => [new layers.Dropout(), new Linear(512, 2)]],
    ['two layers', () => [new Linear(512, 64), new layers.ReLU(), new layers.Dropout(), new Linear(64, 2)]],
    ['GELU', () => [new Linear(512, 64), new layers.GELU(), new Linear(64, 2)]],
    [
      'GELU by tanh',
      () => [new Linear(512, 64), new layers.GELU({ approximate: 'tanh' }), new Linear(64, 2)],
    ],
    ['SiLU', () => [new Linear(512, 64), new layers.SiLU(), new Linear(64, 2)]],
    ['Sigmoid', () => [new Linear(512, 64), new layers.Sigmoid(), new Linear(64, 2)]],
    ['Tanh', () => [new Linear(512, 64), new layers.Tanh(), new Linear(64, 2)]],
    ['Softmax', () => [new Linear(512, 64), new layers.Softmax(1), new Linear(64, 2)]],
    ['LayerNorm', () => [new LayerNorm([512]), new Linear(512, 2)]],
  ])('a head of %s', async (_, head) => {
    expect(await lacking(await withHead(...head()))).toEqual([])
  })

  it('pools, strides, groups and dilations', async () => {
    const model = new layers.Sequential(
      new Conv2d(3, 6, 3, { padding: 1, dilation: 2, stride: 2 }),
      new layers.MaxPool2d(2),
      new Conv2d(6, 6, 3, { groups: 3, padding: 1 }),
      new layers.AvgPool2d(2),
      new layers.AdaptiveAvgPool2d(1),
      new layers.Flatten(),
      new Linear(6, 2),
    )
    expect(await lacking(model)).toEqual([])
  })

  const weight = Tensor.from([1, 2])
  it.each<[string, Criterion]>([
    [
      'weighted, smoothed cross-entropy',
      new CrossEntropyLoss({ weight, labelSmoothing: 0.1, ignoreIndex: -1 }),
    ],
    ['summed cross-entropy', new CrossEntropyLoss({ reduction: 'sum' })],
    ['binary cross-entropy', new BCEWithLogitsLoss({ posWeight: weight })],
    ['squared error', new MSELoss()],
  ])('%s', async (_, criterion) => {
    expect(await lacking(new Linear(4, 2), { criterion, shape: [4] })).toEqual([])
  })

  it.each<[string, (model: Module) => Optimizer]>([
    [
      'SGD',
      (model) => new SGD(model.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
    ],
    ['Adam', (model) => new Adam(model.parameters(), { weightDecay: 0.1, amsgrad: true })],
    ['AdamW', (model) => new AdamW(model.parameters())],
  ])('%s', async (_, make) => {
    const model = new Linear(4, 2)
    expect(await lacking(model, { optimizer: make(model), shape: [4] })).toEqual([])
  })

  it('and knows what it lacks: an operator, its version, an element type', () => {
    const graph = new Graph()
    const [x, n] = [graph.input('x', 'float32', [2]), graph.input('n', 'int64', [2])]
    const problem = (operator: string, inputs: Value[], output: Value) =>
      cudaProblem(graph.add(operator, inputs, {}, [output]))
    expect(problem('Celu', [x], x)).toBe('Celu has no kernel')
    // Its kernel is for operator set 20 and later.
    expect(problem('Gelu', [x], x)).toBe('Gelu has no kernel')
    expect(problem('Relu', [n], n)).toBe('Relu has no kernel for int64 as input 0')
    expect(problem('Reshape', [x, x], x)).toBe('Reshape has no kernel for float as input 1')
    expect(problem('Reshape', [x, n, n], x)).toBe('Reshape has no kernel for input 2')
    expect(problem('Shape', [x], x)).toBe('Shape has no kernel for float as output 0')
  })
})
