/**
 * A training loop of one's own on `TrainingSession`: the parts of `trainModel` written out, with an early stop that
 * it doesn't have.
 *
 *     npx tsx --conditions=onnx-finetune-source examples/training-loop/main.ts [folder for the pictures]
 */
import { join } from 'node:path'

import {
  DataLoader,
  Generator,
  ImageFolder,
  nn,
  optim,
  TrainingSession,
  transforms as T,
  type Tensor,
} from 'onnx-finetune'

import { generateShapes } from '../shapes/generate.ts'
import { smallNetwork } from '../shapes/small-network.ts'

const patience = 3
const maxEpochs = 12

const [directory = 'out/training-loop'] = process.argv.slice(2)
await generateShapes({ directory, trainPerClass: 60, valPerClass: 30, size: 64 })
const transform = new T.Compose([new T.ToTensor(), new T.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25])])
const train = await ImageFolder.open(join(directory, 'train'), { transform })
const val = await ImageFolder.open(join(directory, 'val'), { transform })
const generator = new Generator(0)
const trainLoader = new DataLoader(train, { batchSize: 8, shuffle: true, generator })
const valLoader = new DataLoader(val, { batchSize: 20 })

const model = await smallNetwork()
model.fc = new nn.Linear(model.fc.inFeatures, train.classes.length, { generator })
const criterion = new nn.CrossEntropyLoss()
const optimizer = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 })
const scheduler = new optim.ReduceLROnPlateau(optimizer, { patience: 1 })

await using session = await TrainingSession.create(model, { criterion, optimizer, device: 'cpu' })
let best = { epoch: 0, loss: Infinity, accuracy: 0 }
for (let epoch = 1; epoch <= maxEpochs && epoch - best.epoch <= patience; epoch++) {
  let trainLoss = 0
  for await (const { inputs, labels } of trainLoader) {
    const { loss } = await session.trainStep(inputs, labels)
    trainLoss += (loss * labels.size) / train.length
  }
  const { loss, accuracy } = await validate()
  scheduler.step(loss)
  if (loss < best.loss) {
    best = { epoch, loss, accuracy }
    await session.snapshot()
  }
  const lr = optimizer.paramGroups[0]!.lr
  console.log(
    `epoch ${epoch}: train loss ${trainLoss.toFixed(4)}, val loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(3)}, next lr ${lr}`,
  )
}
await session.restore()
await session.pull()
console.log(`best: epoch ${best.epoch}, accuracy ${best.accuracy.toFixed(3)}`)
console.log(`restored: accuracy ${(await validate()).accuracy.toFixed(3)}`)

/** Loss and accuracy on the validation pictures; `evalStep` computes no gradient and changes nothing. */
async function validate(): Promise<{ loss: number; accuracy: number }> {
  let [total, right] = [0, 0]
  for await (const { inputs, labels } of valLoader) {
    const { loss, outputs } = await session.evalStep(inputs, labels)
    total += loss * labels.size
    right += countRight(outputs, labels)
  }
  return { loss: total / val.length, accuracy: right / val.length }
}

function countRight(logits: Tensor, labels: Tensor): number {
  const rows = logits.toList() as number[][]
  return rows.filter((row, index) => row.indexOf(Math.max(...row)) === Number(labels.data[index])).length
}
