import { Tensor } from '../core/tensor.ts'
import { BatchNorm2d } from '../nn/batch-norm2d.ts'
import { Conv2d } from '../nn/conv2d.ts'
import { CrossEntropyLoss } from '../nn/cross-entropy-loss.ts'
import { Flatten, MaxPool2d, ReLU, Sequential } from '../nn/layers.ts'
import { Linear } from '../nn/linear.ts'
import { SGD } from '../optim/sgd.ts'
import type { Engine, WireTensor, ZeroTensor } from './engine.ts'
import type { Device } from './providers.ts'
import { buildTraining } from './training-graph.ts'

/**
 * The losses of three steps on the CPU. A test computes them anew: each depends on all gradients of the steps before.
 */
const expected = [2.698375, 2.917962, 1.926332]

/** A network with what those that are shipped have, and numbers of channels that WebGPU has stumbled over. */
function probeModel(): Sequential {
  const model = new Sequential(
    new Conv2d(3, 6, 3, { padding: 1 }),
    new BatchNorm2d(6),
    new ReLU(),
    new MaxPool2d(3, { stride: 2, padding: 1 }),
    new Conv2d(6, 6, 3, { padding: 1, stride: 2 }),
    new ReLU(),
    new Flatten(),
    new Linear(6 * 2 * 2, 4),
  )
  for (const parameter of model.parameters()) parameter.tensor = waves(parameter.shape, 0.5)
  return model
}

/** Numbers without a pattern that a wrong order could keep. */
function waves(shape: readonly number[], scale: number): Tensor {
  const tensor = Tensor.zeros(shape)
  for (let index = 0; index < tensor.size; index++)
    tensor.data[index] = scale * Math.sin(1 + index * index * 0.7)
  return tensor
}

/** The losses of three training steps of a small network on an engine. */
export async function probeLosses(engine: Engine, device: Device): Promise<number[]> {
  const model = probeModel()
  const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
  const plan = await buildTraining(model, [3, 8, 8], new CrossEntropyLoss(), optimizer, device)
  const state = Object.entries(plan.initialState())
  const isGiven = (entry: [string, WireTensor | ZeroTensor]): entry is [string, WireTensor] =>
    'data' in entry[1]
  await engine.zeros(Object.fromEntries(state.filter((entry) => !isGiven(entry))))
  await engine.push(Object.fromEntries(state.filter(isGiven)))
  await engine.load('probe', plan.program)
  const labels = new Tensor('int32', Int32Array.from([0, 1, 2]), [3])
  const losses: number[] = []
  while (losses.length < expected.length) {
    const feeds = { input: waves([3, 3, 8, 8], 1), labels, 'dim:N': Tensor.from(3), ...plan.scalars() }
    const results = await engine.run('probe', feeds)
    losses.push(Number(results[plan.lossName!]!.data[0]))
  }
  return losses
}

/** What is wrong with the losses of an engine; `undefined` if they are right. */
export async function probeStep(engine: Engine, device: Device): Promise<string | undefined> {
  const losses = await probeLosses(engine, device)
  const isRight = losses.every((loss, step) => Math.abs(loss - expected[step]!) <= 1e-3 * expected[step]!)
  return isRight
    ? undefined
    : `the losses of a probe's steps are ${losses.join(', ')} instead of ${expected.join(', ')}`
}
