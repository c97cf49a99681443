/**
 * Transforms of one's own: one as an object, which loader workers run too, and one as a plain function. A grid shows
 * what they do to a single picture; then a network is trained on pictures that went through them.
 *
 *     npx tsx --conditions=onnx-finetune-source examples/custom-transform/main.ts [folder for the pictures]
 */
import { join } from 'node:path'

import {
  DataLoader,
  Generator,
  ImageFolder,
  nn,
  optim,
  saveImage,
  Subset,
  Tensor,
  trainModel,
  transforms as T,
} from 'onnx-finetune'

import { generateShapes } from '../shapes/generate.ts'
import { smallNetwork } from '../shapes/small-network.ts'
import { SoftShadow } from './soft-shadow.ts'

const [directory = 'out/custom-transform'] = process.argv.slice(2)
await generateShapes({ directory, trainPerClass: 60, valPerClass: 30, size: 64 })

/** A transform as a function: it runs on the caller's thread, where there are workers, too. */
function addNoise(image: Tensor<'float32'>, generator: Generator): Tensor {
  return new Tensor(
    'float32',
    image.data.map((value) => value + generator.normal(0, 0.03)),
    image.shape,
  )
}

const normalize = new T.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25])
const augment = [new T.RandomHorizontalFlip(), new SoftShadow(0.6), new T.ToTensor(), addNoise]
const looks = await ImageFolder.open(join(directory, 'train'), { transform: new T.Compose(augment) })

// One picture sixteen times: each place in an epoch has random numbers of its own, with or without workers.
const [grid, again] = await Promise.all([0, 2].map(sixteenTimesTheFirst))
await saveImage(grid!, join(directory, 'augmented.png'), { nrow: 4 })
console.log(`sixteen views of one picture: ${join(directory, 'augmented.png')}`)
console.log(`the same with two workers: ${grid!.data.every((value, index) => value === again!.data[index])}`)

async function sixteenTimesTheFirst(numWorkers: number): Promise<Tensor> {
  const dataset = new Subset(looks, Array<number>(16).fill(0))
  await using loader = new DataLoader(dataset, { batchSize: 16, numWorkers, generator: new Generator(7) })
  for await (const { inputs } of loader) return inputs
  throw new Error('the loader has no batch')
}

const train = await ImageFolder.open(join(directory, 'train'), {
  transform: new T.Compose([...augment, normalize]),
})
const val = await ImageFolder.open(join(directory, 'val'), {
  transform: new T.Compose([new T.ToTensor(), normalize]),
})
const model = await smallNetwork()
model.fc = new nn.Linear(model.fc.inFeatures, train.classes.length)
const optimizer = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 })
await using trainLoader = new DataLoader(train, { batchSize: 8, shuffle: true, numWorkers: 2 })
const { bestAccuracy } = await trainModel(model, {
  dataloaders: { train: trainLoader, val: new DataLoader(val, { batchSize: 20 }) },
  criterion: new nn.CrossEntropyLoss(),
  optimizer,
  scheduler: new optim.StepLR(optimizer, { stepSize: 3 }),
  numEpochs: 5,
  device: 'cpu',
})
console.log(`accuracy ${bestAccuracy.toFixed(3)} after training on shaded, noisy pictures`)
