import { Generator } from '../../src/core/generator.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { CrossEntropyLoss } from '../../src/nn/cross-entropy-loss.ts'
import type { Module } from '../../src/nn/module.ts'
import { SGD } from '../../src/optim/sgd.ts'
import type { Device } from '../../src/runtime/providers.ts'
import { TrainingSession } from '../../src/runtime/training-session.ts'

/** What ten steps of fine-tuning leave. */
export interface TenSteps {
  readonly losses: readonly number[]
  /** Parameters and buffers before and after. */
  readonly start: ReadonlyMap<string, Tensor>
  readonly end: ReadonlyMap<string, Tensor>
  readonly evalLoss: number
}

/** How {@link tenSteps} trains. */
interface TenStepsOptions {
  /** Default: 0.001. */
  readonly lr?: number
  /** Default: 1. */
  readonly stepsPerRun?: number
  readonly deviceId?: number | undefined
}

/** Fine-tunes on ten batches of four noisy pictures of two kinds: bright above, or below. */
export async function tenSteps(
  model: Module,
  size: number,
  device: Device,
  { lr = 0.001, ...options }: TenStepsOptions = {},
): Promise<TenSteps> {
  const optimizer = new SGD(model.parameters(), { lr, momentum: 0.9, weightDecay: 1e-4 })
  const criterion = new CrossEntropyLoss()
  await using session = await TrainingSession.create(model.train(), {
    ...options,
    criterion,
    optimizer,
    device,
  })
  const generator = new Generator(7)
  const start = copyOf(model)
  const labels = Tensor.from([0, 1, 0, 1], 'int32')
  const batches = Array.from({ length: 10 }, () => ({ inputs: pictures(generator, size), labels }))
  const steps = await session.trainSteps(batches)
  const { loss: evalLoss } = await session.evalStep(pictures(generator, size), labels)
  await session.pull()
  return { losses: steps.map(({ loss }) => loss), start, end: copyOf(model), evalLoss }
}

function pictures(generator: Generator, size: number): Tensor {
  const inputs = Tensor.zeros([4, 3, size, size])
  for (let index = 0; index < inputs.size; index++) {
    const [row, picture] = [Math.floor(index / size) % size, Math.floor(index / (3 * size * size))]
    const isBright = row < size / 2 === (picture % 2 === 0)
    inputs.data[index] = (isBright ? 1 : -1) + 0.5 * generator.normal()
  }
  return inputs
}

function copyOf(model: Module): Map<string, Tensor> {
  const floats = [...model.stateDict()].filter(([, { dtype }]) => dtype === 'float32')
  return new Map(
    floats.map(([name, { dtype, data, shape }]) => [name, new Tensor(dtype, data.slice(), shape)]),
  )
}

/** The largest difference of two runs' parameters and buffers; numbers above 1 count relatively. */
export function furthest(a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>) {
  let worst = { name: '', difference: 0 }
  for (const [name, { data }] of a) {
    data.forEach((value: number | bigint, index: number) => {
      const [one, other] = [Number(value), Number(b.get(name)!.data[index])]
      const difference = Math.abs(one - other) / Math.max(1, Math.abs(one))
      if (!(difference <= worst.difference)) worst = { name, difference }
    })
  }
  return worst
}
