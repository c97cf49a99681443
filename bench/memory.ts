/**
 * Resident memory of the process over steps of fine-tuning ResNet-18 at 64 × 64, batch 4, with the engine in its
 * worker: `npx tsx -C onnx-finetune-source bench/memory.ts [steps]`. After the first 50 steps it must be flat.
 */
import { Generator, models, nn, optim, Tensor, TrainingSession } from '../src/index.ts'

const steps = Number(process.argv[2] ?? 500)
const [interval, warmUp] = [10, 50]

const generator = new Generator(0)
const model = await models.resnet18()
model.fc = new nn.Linear(model.fc.inFeatures, 2)
const session = await TrainingSession.create(model, {
  criterion: new nn.CrossEntropyLoss(),
  optimizer: new optim.SGD(model.parameters(), { lr: 0.001, momentum: 0.9 }),
})

const samples: { readonly step: number; readonly megabytes: number }[] = []
for (let step = 1; step <= steps; step++) {
  // A batch of its own each step, as a loader gives.
  const inputs = Tensor.zeros([4, 3, 64, 64])
  for (let index = 0; index < inputs.size; index++) inputs.data[index] = generator.random()
  await session.trainStep(inputs, Tensor.from([0, 1, 0, 1], 'int32'))
  if (step % interval > 0) continue
  const megabytes = process.memoryUsage.rss() / 2 ** 20
  samples.push({ step, megabytes })
  console.log(`step ${step}: ${megabytes.toFixed(0)} MiB`)
}
await session.close()

const after = samples.filter(({ step }) => step >= warmUp)
const [first, last] = [after[0]!, after.at(-1)!]
const highest = Math.max(...after.map(({ megabytes }) => megabytes))
console.log(
  `after step ${warmUp}: ${first.megabytes.toFixed(0)} MiB at first, ${last.megabytes.toFixed(0)} at last, ` +
    `${highest.toFixed(0)} at most; ${(100 * slope()).toFixed(2)} MiB in 100 steps (least squares)`,
)

function slope(): number {
  const mean = (values: number[]) => values.reduce((total, value) => total + value, 0) / values.length
  const [x, y] = [mean(after.map(({ step }) => step)), mean(after.map(({ megabytes }) => megabytes))]
  const over = mean(after.map(({ step, megabytes }) => (step - x) * (megabytes - y)))
  return over / mean(after.map(({ step }) => (step - x) ** 2))
}
