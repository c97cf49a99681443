import { Generator, nn, optim, Tensor, TrainingSession } from 'onnx-finetune'

import type { Reply, Settings, StepRequest, TimeSteps } from '../protocol.ts'
import { makeNetwork } from './networks.ts'

/** Times the steps of a session of its own on one random batch. */
export async function step(request: StepRequest, settings: Settings, timeSteps: TimeSteps): Promise<Reply> {
  const { network, work, batch, size, repeats } = request
  const [inputs, labels] = randomBatch(batch, size)
  await using session = await openSession(await makeNetwork(network, work, settings), work !== 'eval')
  if (work !== 'evalInTraining') {
    return await timeSteps(
      () => (work === 'eval' ? session.evalStep(inputs, labels) : session.trainStep(inputs, labels)),
      repeats,
    )
  }
  const times: number[] = []
  await timeSteps(async () => {
    await session.trainStep(inputs, labels)
    const began = performance.now()
    await session.evalStep(inputs, labels)
    times.push((performance.now() - began) / 1000)
  }, repeats)
  return { times: times.slice(repeats.warmUp) }
}

/** A session that trains, or one that only evaluates. */
export function openSession(model: nn.Module, trains = true): Promise<TrainingSession> {
  return TrainingSession.create(model, {
    criterion: new nn.CrossEntropyLoss(),
    optimizer: trains ? new optim.SGD(model.parameters(), { lr: 0.001, momentum: 0.9 }) : undefined,
    device: 'cpu',
  })
}

/** Noise, and two classes by turns. */
export function randomBatch(batch: number, size: number): [inputs: Tensor, labels: Tensor] {
  const generator = new Generator(0)
  const inputs = Tensor.zeros([batch, 3, size, size])
  for (let index = 0; index < inputs.size; index++) inputs.data[index] = generator.normal()
  const classes = Array.from({ length: batch }, (_, index) => index % 2)
  return [inputs, Tensor.from(classes, 'int32')]
}
