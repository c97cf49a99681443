import { Generator, models, Tensor } from 'onnx-finetune'

import type { LongRunRequest, Reply } from '../protocol.ts'
import { residentBytes } from '../resident.ts'
import { openSession } from './step.ts'

/** Resident bytes once memory has settled, and after many more steps, each with a batch of its own as a loader gives. */
export async function longRun({ steps, settled, batch, size }: LongRunRequest): Promise<Reply> {
  const generator = new Generator(0)
  // A narrow ResNet: thousands of steps of a whole one would take minutes, most of them in its optimizer.
  const architecture = { block: models.BasicBlock, layers: [1, 1, 1, 1], width: 32 } as const
  const model = new models.ResNet(architecture, { numClasses: 2 })
  await using session = await openSession(model)
  const labels = Tensor.from(
    Array.from({ length: batch }, (_, index) => index % 2),
    'int32',
  )
  let settledBytes = NaN
  for (let step = 1; step <= steps; step++) {
    const inputs = Tensor.zeros([batch, 3, size, size])
    for (let index = 0; index < inputs.size; index++) inputs.data[index] = generator.random()
    await session.trainStep(inputs, labels)
    if (step === settled) settledBytes = residentBytes(process.pid, 'VmRSS') ?? NaN
  }
  return { numbers: { settledBytes, endBytes: residentBytes(process.pid, 'VmRSS') ?? NaN } }
}
