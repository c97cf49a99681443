import { models, nn, optim } from '../../src/index.ts'
import type { WireTensor } from '../../src/runtime/engine.ts'
import { buildTraining } from '../../src/runtime/training-graph.ts'
import type { Work } from './protocol.ts'

/** The graph of one training step on WebGPU, for ONNX Runtime alone. */
export interface StepProgram {
  readonly model: Uint8Array<ArrayBuffer>
  /** Its constants outside of `model`, by name. */
  readonly weights: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
}

/** That of ResNet-18 with two classes. */
export async function stepProgram(work: Work, size: number): Promise<StepProgram> {
  const model = await models.resnet18()
  if (work === 'frozen') model.requiresGrad_(false)
  model.fc = new nn.Linear(model.fc.inFeatures, 2)
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.001, momentum: 0.9 })
  const plan = await buildTraining(model, [3, size, size], new nn.CrossEntropyLoss(), optimizer, 'webgpu')
  const weights = Object.entries(plan.program.weights ?? {}).map(
    ([name, tensor]) => [name, bytesOf(tensor)] as const,
  )
  return { model: plan.program.model, weights: new Map(weights) }
}

function bytesOf({ data }: WireTensor): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = data as Float32Array<ArrayBuffer>
  return new Uint8Array(buffer, byteOffset, byteLength)
}
