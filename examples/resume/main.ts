/**
 * A run that is stopped in the middle of an epoch and resumed: it ends with the same losses and the same weights, bit for
 * bit, as one that never stopped. Kill the process instead of aborting, and the next one goes on from the last checkpoint too.
 *
 *     npx tsx --conditions=onnx-finetune-source examples/resume/main.ts [folder for pictures and checkpoints]
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import {
  AbortError,
  DataLoader,
  Generator,
  ImageFolder,
  nn,
  optim,
  trainModel,
  transforms as T,
  type TrainModelOptions,
} from 'onnx-finetune'

import { generateShapes } from '../shapes/generate.ts'
import { smallNetwork, view } from '../shapes/small-network.ts'

const [folder = 'out/resume'] = process.argv.slice(2)
const directory = join(folder, 'checkpoints')
const pictures = join(folder, 'pictures')
await generateShapes({ directory: pictures, trainPerClass: 40, valPerClass: 20, size: 64 })
await rm(directory, { recursive: true, force: true })

const never = await run('without a stop', {})
const controller = new AbortController()
try {
  await run('stopped', {
    checkpoint: { directory, everySteps: 10 },
    signal: controller.signal,
    callbacks: [
      (event) => {
        if (event.type === 'batch' && event.epoch === 1 && event.batch === 6) controller.abort()
      },
    ],
  })
} catch (error) {
  if (!(error instanceof AbortError)) throw error
}
const resumed = await run('resumed', { checkpoint: { directory, everySteps: 10 }, resume: true })

const same = [...never].every(([name, tensor]) => tensor.equals(resumed.get(name)!))
console.log(`${never.size} tensors ${same ? 'are the same, bit for bit' : 'differ'}`)
process.exitCode = same ? 0 : 1

/** Everything is made anew, as in another process, and the state comes from the checkpoint. Returns the weights. */
async function run(name: string, options: Partial<TrainModelOptions>) {
  const generator = new Generator(0)
  const transform = new T.Compose([
    new T.RandomResizedCrop(view.size, { scale: view.cropScale }),
    new T.RandomHorizontalFlip(),
    new T.ToTensor(),
    new T.Normalize(view.mean, view.std),
  ])
  const still = new T.Compose([new T.ToTensor(), new T.Normalize(view.mean, view.std)])
  const train = await ImageFolder.open(join(pictures, 'train'), { transform })
  const val = await ImageFolder.open(join(pictures, 'val'), { transform: still })
  const model = await smallNetwork()
  model.fc = new nn.Linear(model.fc.inFeatures, train.classes.length, { generator: generator.split() })
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.005, momentum: 0.9 })
  const { history } = await trainModel(model, {
    dataloaders: {
      train: new DataLoader(train, { batchSize: 8, shuffle: true, generator: generator.split() }),
      val: new DataLoader(val, { batchSize: 20 }),
    },
    criterion: new nn.CrossEntropyLoss(),
    optimizer,
    scheduler: new optim.StepLR(optimizer, { stepSize: 2 }),
    numEpochs: 3,
    progress: false,
    ...options,
    callbacks: [
      ...(options.callbacks ?? []),
      (event) => {
        if (event.type === 'start' && event.resumed) {
          console.log(`${name}: goes on after ${event.resumed.step} steps`)
        }
        if (event.type === 'checkpoint') {
          console.log(`${name}: saved after ${event.step} steps`)
        }
      },
    ],
  })
  console.log(`${name}: losses ${history.map(({ val: metrics }) => metrics!.loss.toFixed(6)).join(' ')}`)
  return model.stateDict()
}
