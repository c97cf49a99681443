/**
 * A model for use elsewhere: the small network learns ants from bees, is exported to ONNX in several forms, and each file
 * is loaded again and compared with the model it came from. Prints their sizes, and how often they agree.
 *
 *     npx tsx --conditions=onnx-finetune-source examples/export/main.ts [folder for the pictures and models]
 */
import { join } from 'node:path'

import {
  DataLoader,
  exportOnnx,
  Generator,
  ImageFolder,
  loadClassifier,
  nn,
  optim,
  predict,
  trainModel,
  transforms as T,
  type ExportOnnxOptions,
} from 'onnx-finetune'

import { generateShapes } from '../shapes/generate.ts'
import { smallNetwork, view } from '../shapes/small-network.ts'

const [directory = 'out/export'] = process.argv.slice(2)
await generateShapes({ directory, trainPerClass: 40, valPerClass: 30 })

const transform = new T.Compose([
  new T.Resize(view.resized),
  new T.CenterCrop(view.size),
  new T.ToTensor(),
  new T.Normalize(view.mean, view.std),
])
const train = await ImageFolder.open(join(directory, 'train'), { transform })
const val = await ImageFolder.open(join(directory, 'val'), { transform })
const { classes } = train

const generator = new Generator(0)
const model = await smallNetwork()
model.requiresGrad_(false)
model.fc = new nn.Linear(model.fc.inFeatures, classes.length, { generator })
const loaders = {
  train: new DataLoader(train, { batchSize: 8, shuffle: true, generator }),
  val: new DataLoader(val, { batchSize: 20 }),
}
const { bestAccuracy } = await trainModel(model, {
  dataloaders: loaders,
  criterion: new nn.CrossEntropyLoss(),
  optimizer: new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 }),
  numEpochs: 5,
})
console.log(`trained: val accuracy ${bestAccuracy.toFixed(4)}`)

// What the model itself says of the validation pictures.
const logits = (await predict(model, loaders.val)).toList() as number[][]
const own = logits.map((row) => row.indexOf(Math.max(...row)))

const forms: Record<string, ExportOnnxOptions> = {
  'float32.onnx': {},
  'float16.onnx': { precision: 'float16' },
  'int8.onnx': { precision: 'int8' },
  // Takes pictures as they are, for programs that have no transforms of their own.
  'pictures-in.onnx': { preprocessingInGraph: true },
  'opset-13.onnx': { opset: 13 },
  'weights-apart.onnx': { externalData: true },
}
const files = val.samples.map(({ path }) => path)
for (const [name, options] of Object.entries(forms)) {
  const path = join(directory, name)
  const { totalBytes, inputNames, outputNames } = await exportOnnx(model, {
    path,
    classes,
    preprocessing: transform,
    ...options,
  })
  await using classifier = await loadClassifier(path)
  const predictions = await classifier.predictBatch(files, { topK: 1 })
  const agreeing = predictions.filter(([best], index) => best!.index === own[index]).length
  console.log(
    `${name.padEnd(18)} ${(totalBytes / 1e6).toFixed(2)} MB, ${inputNames.join()} → ${outputNames.join(' and ')}: ` +
      `agrees on ${agreeing} of ${files.length}`,
  )
}
