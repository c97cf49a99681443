/**
 * Transfer learning for computer vision: ants and bees, with a network that knows other pictures already.
 * Strategy `finetune` trains the whole network, strategy `frozen` only its last layer, `fc`.
 *
 *     npm run example
 *     npm run example -- --data path/to/hymenoptera_data --weights path/to/resnet18.pth --epochs 25 --out out
 *
 * @see https://pytorch.org/tutorials/beginner/transfer_learning_tutorial.html
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import {
  DataLoader,
  exportOnnx,
  Generator,
  ImageFolder,
  nn,
  optim,
  saveCurves,
  trainModel,
  visualizeModel,
} from 'onnx-finetune'

import { readOptions, type Options, type Strategy } from './options.ts'
import { saveBatch, saveTable, type Outcome } from './report.ts'
import { findSource, type Source } from './sources.ts'

const options = readOptions(process.argv.slice(2))
const source = await findSource(options)
console.log(source.description)
await mkdir(options.out, { recursive: true })

const outcomes: Outcome[] = []
for (const strategy of options.strategies) outcomes.push(await run(strategy, source, options))

await saveCurves(
  join(options.out, 'curves.svg'),
  Object.fromEntries(outcomes.map(({ strategy, history }) => [strategy, history])),
)
console.log(await saveTable(join(options.out, 'results.md'), outcomes))

// The better of the two, with all that `examples/predict` needs.
const best = outcomes.reduce((one, other) => (other.bestAccuracy > one.bestAccuracy ? other : one))
await exportOnnx(best.model, {
  path: join(options.out, 'model.onnx'),
  classes: best.classes,
  preprocessing: source.valTransform,
})
console.log(`pictures, results and model.onnx are in ${options.out}`)

async function run(
  strategy: Strategy,
  source: Source,
  { seed, momentum, device, workers, out }: Options,
): Promise<Outcome> {
  const generator = new Generator(seed)
  const { recipe, mean, std } = source
  const train = await ImageFolder.open(source.train, { transform: source.trainTransform })
  const val = await ImageFolder.open(source.val, { transform: source.valTransform })
  for (const { path, reason } of [...train.skipped, ...val.skipped]) console.log(`skipped ${path}: ${reason}`)

  const loading = { batchSize: recipe.batchSize, shuffle: true, numWorkers: workers }
  await using trainLoader = new DataLoader(train, { ...loading, generator: generator.split() })
  await using valLoader = new DataLoader(val, { ...loading, generator: generator.split() })

  const model = await source.loadModel()
  if (strategy === 'frozen') model.requiresGrad_(false)
  model.fc = new nn.Linear(model.fc.inFeatures, train.classes.length, { generator: generator.split() })

  const { lr, stepSize, gamma } = recipe
  const optimizer = new optim.SGD(model.parameters(), { lr, momentum })
  const scheduler = new optim.StepLR(optimizer, { stepSize, gamma })
  const criterion = new nn.CrossEntropyLoss()

  console.log(`\n${strategy}: ${train.length} pictures to train on, ${val.length} to validate on`)
  await saveBatch(trainLoader.epoch(generator.split()), join(out, 'train-batch.png'), train.classes, source)
  const result = await trainModel(model, {
    dataloaders: { train: trainLoader, val: valLoader },
    criterion,
    optimizer,
    scheduler,
    numEpochs: recipe.epochs,
    device,
  })
  const path = join(out, `predictions-${strategy}.png`)
  await visualizeModel(model, valLoader, { classes: val.classes, mean, std, path, device })
  return { strategy, classes: val.classes, ...result }
}
