import { Generator, models, nn, readStateDict } from 'onnx-finetune'

import type { Network, Settings, Work } from '../protocol.ts'

const makers = { resnet18: models.resnet18, resnet34: models.resnet34, resnet50: models.resnet50 }
const states = new Map<string, ReturnType<typeof readStateDict>>()

/** A network with two classes, frozen but for its head where that is the work; ResNet-18 has the settings' weights. */
export async function makeNetwork(
  network: Network,
  work: Work,
  { weights }: Pick<Settings, 'weights'>,
): Promise<nn.Module> {
  if (network === 'small') return smallNet()
  const hasWeights = network === 'resnet18' && weights !== undefined
  const model = await makers[network](hasWeights ? { weights: await stateOf(weights) } : {})
  if (work === 'frozen') model.requiresGrad_(false)
  model.fc = new nn.Linear(model.fc.inFeatures, 2)
  return model
}

/** Two residual blocks, without max-pooling: what every peer can train. */
function smallNet(): nn.Module {
  const generator = new Generator()
  return new nn.Sequential(
    new nn.Conv2d(3, 16, 3, { padding: 1, bias: false, generator }),
    new nn.BatchNorm2d(16),
    new nn.ReLU(),
    new models.BasicBlock(16, 16, 1, generator),
    new models.BasicBlock(16, 32, 2, generator),
    new nn.AdaptiveAvgPool2d(1),
    new nn.Flatten(1),
    new nn.Linear(32, 2, { generator }),
  )
}

/** Read once: only `start` times the reading. */
function stateOf(path: string): ReturnType<typeof readStateDict> {
  const state = states.get(path) ?? readStateDict(path)
  states.set(path, state)
  return state
}
