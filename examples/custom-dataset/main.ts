/**
 * A data set of one's own: pictures and labels from a CSV file. There are few bees in it, so a weighted sampler draws
 * them as often as ants.
 *
 *     npx tsx --conditions=onnx-finetune-source examples/custom-dataset/main.ts [folder for the pictures]
 */
import { writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

import {
  DataLoader,
  Generator,
  nn,
  optim,
  randomSplit,
  trainModel,
  transforms as T,
  WeightedRandomSampler,
  type Subset,
} from 'onnx-finetune'

import { generateShapes } from '../shapes/generate.ts'
import { smallNetwork } from '../shapes/small-network.ts'
import { CsvPictures } from './csv-pictures.ts'

type Part = Subset<CsvPictures>

const [directory = 'out/custom-dataset'] = process.argv.slice(2)
const table = join(directory, 'pictures.csv')
await writeTable(table)

const transform = new T.Compose([new T.ToTensor(), new T.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25])])
const dataset = await CsvPictures.open(table, transform)
const generator = new Generator(0)
const [train, val] = randomSplit(dataset, [0.75, 0.25], generator) as [Part, Part]

const labels = train.indices.map((index) => dataset.rows[index]!.label)
const counts = dataset.classes.map((_, label) => labels.filter((other) => other === label).length)
const weights = labels.map((label) => 1 / counts[label]!)
const sampler = new WeightedRandomSampler(weights, train.length)
const drawn = [...sampler.indices(generator.fork(0))].filter((index) => labels[index] === 1).length
console.log(
  `to train on: ${counts[0]} ants and ${counts[1]} bees; drawn: ${train.length - drawn} and ${drawn}`,
)

const model = await smallNetwork()
model.fc = new nn.Linear(model.fc.inFeatures, dataset.classes.length, { generator })
const optimizer = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 })
const { bestAccuracy } = await trainModel(model, {
  dataloaders: {
    train: new DataLoader(train, { batchSize: 8, sampler, generator }),
    val: new DataLoader(val, { batchSize: 20 }),
  },
  criterion: new nn.CrossEntropyLoss(),
  optimizer,
  scheduler: new optim.StepLR(optimizer, { stepSize: 3 }),
  numEpochs: 5,
  device: 'cpu',
})
const share = val.indices.filter((index) => dataset.rows[index]!.label === 0).length / val.length
console.log(`accuracy ${bestAccuracy.toFixed(3)}; always saying "ants" would give ${share.toFixed(3)}`)

/** Draws pictures and lists all ants, but only every third bee. */
async function writeTable(path: string): Promise<void> {
  const pictures = await generateShapes({ directory, trainPerClass: 120, valPerClass: 1, size: 64 })
  const listed = pictures.slice(0, 240).filter((_, index) => index < 120 || index % 3 === 0)
  const lines = listed.map(
    (picture, index) => `${relative(directory, picture)},${index < 120 ? 'ants' : 'bees'}`,
  )
  await writeFile(path, `file,class\n${lines.join('\n')}\n`)
}
