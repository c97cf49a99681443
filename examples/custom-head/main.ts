/**
 * Heads of one's own on a body that stays as it is: one put together from layers, and one that is a module with a
 * forward pass of its own. Both are trained with AdamW to tell drawn ants from bees; the body has seen neither.
 *
 *     npx tsx --conditions=onnx-finetune-source examples/custom-head/main.ts [folder for the pictures]
 */
import { join } from 'node:path'

import {
  DataLoader,
  Generator,
  ImageFolder,
  nn,
  ops,
  optim,
  trainModel,
  transforms as T,
  type Value,
} from 'onnx-finetune'

import { generateShapes } from '../shapes/generate.ts'
import { smallNetwork } from '../shapes/small-network.ts'

const [directory = 'out/custom-head'] = process.argv.slice(2)
await generateShapes({ directory, trainPerClass: 60, valPerClass: 30, size: 64 })

const transform = new T.Compose([new T.ToTensor(), new T.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25])])
const train = await ImageFolder.open(join(directory, 'train'), { transform })
const val = await ImageFolder.open(join(directory, 'val'), { transform })
const { classes } = train

/** A hidden layer and a way around it. Its attributes' names are the keys of its state dict: `fc.hidden.weight`, … */
class ResidualHead extends nn.Module {
  readonly hidden: nn.Linear
  readonly activation = new nn.GELU()
  readonly classify: nn.Linear

  constructor(features: number, numClasses: number, generator: Generator) {
    super()
    this.hidden = new nn.Linear(features, features, { generator })
    this.classify = new nn.Linear(features, numClasses, { generator })
  }

  forward(x: Value): Value {
    const y = this.activation.call(this.hidden.call(x))
    return this.classify.call(ops.add(x, y))
  }
}

const heads = {
  layers: (features: number, generator: Generator) =>
    new nn.Sequential(
      new nn.Linear(features, 32, { generator }),
      new nn.ReLU(),
      new nn.Dropout(0.2),
      new nn.Linear(32, classes.length, { generator }),
    ),
  'own forward': (features: number, generator: Generator) =>
    new ResidualHead(features, classes.length, generator),
}

for (const [name, makeHead] of Object.entries(heads)) {
  const generator = new Generator(0)
  const model = await smallNetwork()
  model.requiresGrad_(false)
  model.fc = makeHead(model.fc.inFeatures, generator)

  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.003 })
  const { bestAccuracy } = await trainModel(model, {
    dataloaders: {
      train: new DataLoader(train, { batchSize: 8, shuffle: true, generator }),
      val: new DataLoader(val, { batchSize: 20 }),
    },
    criterion: new nn.CrossEntropyLoss(),
    optimizer,
    scheduler: new optim.StepLR(optimizer, { stepSize: 4 }),
    numEpochs: 6,
    device: 'cpu',
  })
  const trained = [...model.namedParameters()].filter(([, { requiresGrad }]) => requiresGrad)
  console.log(`head (${name}) trained ${trained.map(([key]) => key).join(', ')}`)
  console.log(`head (${name}) accuracy ${bestAccuracy.toFixed(3)}\n`)
}
