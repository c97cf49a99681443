/**
 * Makes `small-network.safetensors`: trains the small network from scratch on drawings of thirteen things of a garden,
 * none of them an ant or a bee, so that the transfer-learning example has something to transfer. About ten minutes.
 *
 *     npm run example:pretrain
 *     npm run example:pretrain -- --epochs 2 --train-per-class 20 --out out/try.safetensors
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import {
  DataLoader,
  Generator,
  ImageFolder,
  nn,
  optim,
  trainModel,
  transforms as T,
  writeSafetensors,
} from 'onnx-finetune'

import { generateShapes } from './generate.ts'
import { untrainedSmallNetwork, view, weightsPath } from './small-network.ts'
import { garden } from './subjects.ts'

const { values: texts } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    epochs: { type: 'string', default: '16' },
    'train-per-class': { type: 'string', default: '250' },
    out: { type: 'string', default: weightsPath },
  },
})
const [seed, epochs, trainPerClass] = [texts.seed, texts.epochs, texts['train-per-class']].map(Number) as [
  number,
  number,
  number,
]

const directory = await mkdtemp(join(tmpdir(), 'garden-'))
console.log(
  `drawing ${trainPerClass} pictures of each of ${Object.keys(garden).length} classes in ${directory}`,
)
await generateShapes({ directory, subjects: garden, seed, trainPerClass })

const toNormalized = [new T.ToTensor(), new T.Normalize(view.mean, view.std)]
const train = await ImageFolder.open(join(directory, 'train'), {
  transform: new T.Compose([
    new T.RandomResizedCrop(view.size, { scale: view.cropScale }),
    new T.RandomHorizontalFlip(),
    new T.RandomVerticalFlip(),
    ...toNormalized,
  ]),
})
const val = await ImageFolder.open(join(directory, 'val'), {
  transform: new T.Compose([new T.Resize(view.resized), new T.CenterCrop(view.size), ...toNormalized]),
})

const generator = new Generator(seed)
const model = untrainedSmallNetwork(train.classes.length, generator.split())
const loading = { batchSize: 32, numWorkers: 2 }
const dataloaders = {
  train: new DataLoader(train, { ...loading, shuffle: true, dropLast: true, generator: generator.split() }),
  val: new DataLoader(val, loading),
}
const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9, weightDecay: 5e-4 })
const scheduler = new optim.CosineAnnealingLR(optimizer, { tMax: epochs })
const criterion = new nn.CrossEntropyLoss()
const options = { dataloaders, criterion, optimizer, scheduler, numEpochs: epochs, device: 'cpu' } as const
const { bestAccuracy } = await trainModel(model, options)
await rm(directory, { recursive: true })

const metadata = {
  task: 'drawings by onnx-finetune, examples/shapes',
  classes: train.classes.join(','),
  valAccuracy: bestAccuracy.toFixed(4),
  pictures: String(train.length),
  epochs: String(epochs),
  seed: String(seed),
  command: `npm run example:pretrain -- --seed ${seed} --epochs ${epochs} --train-per-class ${trainPerClass}`,
}
await writeSafetensors(texts.out, model.stateDict(), { metadata })
console.log(`validation accuracy ${metadata.valAccuracy}; wrote ${texts.out}`)
