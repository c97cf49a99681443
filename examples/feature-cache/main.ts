/**
 * The tutorial's second strategy, a network as fixed feature extractor, with its features computed once: an epoch of the
 * new head takes milliseconds. That's not quite what the tutorial does: BatchNorm uses its running statistics and the
 * pictures aren't augmented (`cacheFeatures` says more).
 *
 *     npx tsx --conditions=onnx-finetune-source examples/feature-cache/main.ts
 *     npx tsx … main.ts --data path/to/hymenoptera_data --weights path/to/resnet18.pth --epochs 25
 *
 * It takes the options of examples/transfer-learning, and uses the tutorial's pictures and weights where it finds them,
 * else (or with --drawn) drawings and a small network.
 */
import { join } from 'node:path'

import {
  cacheFeatures,
  DataLoader,
  evaluate,
  Generator,
  ImageFolder,
  nn,
  optim,
  trainModel,
} from 'onnx-finetune'

import { readOptions } from '../transfer-learning/options.ts'
import { findSource } from '../transfer-learning/sources.ts'

const options = readOptions(['--out', join('out', 'feature-cache'), ...process.argv.slice(2)])
const source = await findSource(options)
const { batchSize, lr, stepSize, gamma, epochs } = source.recipe
const { workers: numWorkers, device, momentum } = options
console.log(source.description)

// The transform without random draws for both: features of an augmented picture would be those of one draw.
const transform = source.valTransform
const train = await ImageFolder.open(source.train, { transform })
const val = await ImageFolder.open(source.val, { transform })
const generator = new Generator(options.seed)
await using trainLoader = new DataLoader(train, { batchSize, shuffle: true, numWorkers, generator })
await using valLoader = new DataLoader(val, { batchSize, numWorkers })

const model = await source.loadModel()
model.requiresGrad_(false)
model.fc = new nn.Linear(model.fc.inFeatures, train.classes.length, { generator: generator.split() })

const began = performance.now()
const features = await cacheFeatures(
  model,
  'fc',
  { train: trainLoader, val: valLoader },
  {
    device,
    onProgress: ({ phase, done, total }) => {
      if (done === total) console.log(`features of ${total} pictures (${phase})`)
    },
  },
)
console.log(`extraction ${((performance.now() - began) / 1000).toFixed(2)} s`)

const criterion = new nn.CrossEntropyLoss()
const optimizer = new optim.SGD(model.fc.parameters(), { lr, momentum })
const scheduler = new optim.StepLR(optimizer, { stepSize, gamma })
const { history, bestAccuracy, bestEpoch } = await trainModel(model.fc, {
  dataloaders: features,
  criterion,
  optimizer,
  scheduler,
  numEpochs: epochs,
  device,
  progress: false,
})
const times = history.map(({ seconds }) => 1000 * seconds).sort((a, b) => a - b)
console.log(`epoch ${times[times.length >> 1]!.toFixed(1)} ms (the median of ${times.length})`)
console.log(`best accuracy ${bestAccuracy.toFixed(4)} (validation, in epoch ${bestEpoch + 1})`)

// The trained head is the model's: pictures go in, and the same answers come out.
const { accuracy } = await evaluate(model, valLoader, { criterion, device })
console.log(`whole model's accuracy ${accuracy.toFixed(4)} (validation, from the pictures)`)
