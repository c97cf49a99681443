import { Generator, models, nn, optim, setAssetsFolder, Tensor, TrainingSession } from 'onnx-finetune'

import type { PageContender, StepRequest } from '../protocol.ts'

let session: TrainingSession
let inputs: Tensor
let labels: Tensor

async function prepare({ backend, work, batch, size }: StepRequest): Promise<void> {
  setAssetsFolder('/assets/')
  const model = await models.resnet18()
  if (work === 'frozen') model.requiresGrad_(false)
  model.fc = new nn.Linear(model.fc.inFeatures, 2)
  session = await TrainingSession.create(model, {
    criterion: new nn.CrossEntropyLoss(),
    optimizer: new optim.SGD(model.parameters(), { lr: 0.001, momentum: 0.9 }),
    device: backend as 'wasm' | 'webgpu',
  })
  const generator = new Generator(0)
  inputs = Tensor.zeros([batch, 3, size, size])
  for (let index = 0; index < inputs.size; index++) inputs.data[index] = generator.normal()
  labels = Tensor.from(
    Array.from({ length: batch }, (_, index) => index % 2),
    'int32',
  )
}

const step = async () => (await session.trainStep(inputs, labels)).loss

globalThis.contender = { prepare, step } satisfies PageContender
