import { nn, optim } from '../../src/index.ts'
import { bytesOf } from '../../src/runtime/package-backend.ts'
import { buildTraining } from '../../src/runtime/training-graph.ts'
import { makeNetwork } from '../ours/networks.ts'
import type { Work } from './protocol.ts'

/** The graph of one training step on WebGPU, for ONNX Runtime alone. */
export interface StepProgram {
  readonly model: Uint8Array<ArrayBuffer>
  /** Its constants outside of `model`, by name. */
  readonly weights: ReadonlyMap<string, Uint8Array>
}

/** That of ResNet-18 with two classes. */
export async function stepProgram(work: Work, size: number): Promise<StepProgram> {
  const model = await makeNetwork('resnet18', work, { weights: undefined })
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.001, momentum: 0.9 })
  const plan = await buildTraining(model, [3, size, size], new nn.CrossEntropyLoss(), optimizer, 'webgpu')
  const weights = Object.entries(plan.program.weights ?? {}).map(
    ([name, tensor]) => [name, bytesOf(tensor)] as const,
  )
  return { model: plan.program.model, weights: new Map(weights) }
}
