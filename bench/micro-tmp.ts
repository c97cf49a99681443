import { Generator, models, nn, optim, Tensor, TrainingSession } from 'onnx-finetune'
const [what, batchText, sizeText, roundsText] = process.argv.slice(2)
const [batch, size, rounds] = [Number(batchText), Number(sizeText), Number(roundsText)]
const generator = new Generator(0)
async function make() {
  if (what === 'small') {
    const g = new Generator()
    return new nn.Sequential(new nn.Conv2d(3, 16, 3, { padding: 1, bias: false, generator: g }), new nn.BatchNorm2d(16), new nn.ReLU(),
      new models.BasicBlock(16, 16, 1, g), new models.BasicBlock(16, 32, 2, g), new nn.AdaptiveAvgPool2d(1), new nn.Flatten(1), new nn.Linear(32, 2, { generator: g }))
  }
  const model = await models.resnet18()
  if (what === 'frozen') model.requiresGrad_(false)
  model.fc = new nn.Linear(512, 2)
  return model
}
const inputs = Tensor.zeros([batch, 3, size, size])
for (let i = 0; i < inputs.size; i++) inputs.data[i] = generator.normal()
const labels = Tensor.from(Array.from({ length: batch }, (_, i) => i % 2), 'int32')
const ks = [1, 2, 4]
const sessions = new Map<number, TrainingSession>()
for (const k of ks) {
  const model = await make()
  const session = await TrainingSession.create(model.train(), { criterion: new nn.CrossEntropyLoss(), optimizer: new optim.SGD(model.parameters(), { lr: 0.001, momentum: 0.9 }), device: 'cpu', stepsPerRun: k, engine: (process.env.ENGINE as 'worker') ?? 'worker' })
  const began = performance.now()
  await session.trainSteps(Array.from({ length: k }, () => ({ inputs, labels })))
  console.log('k', k, 'first run incl. building', ((performance.now() - began) / 1000).toFixed(2), 's')
  sessions.set(k, session)
}
const times = new Map<number, number[]>(ks.map((k) => [k, []]))
for (let round = 0; round < rounds; round++) for (const k of ks) {
  const batches = Array.from({ length: k }, () => ({ inputs, labels }))
  const began = performance.now()
  for (let n = 0; n < 4 / k; n++) await sessions.get(k)!.trainSteps(batches)
  times.get(k)!.push((performance.now() - began) / 4)
}
const mid = (v: number[]) => [...v].sort((a, b) => a - b)[v.length >> 1]!
for (const k of ks) console.log(what, 'batch', batch, 'k', k, 'min', Math.min(...times.get(k)!).toFixed(2), 'median', mid(times.get(k)!).toFixed(2), 'ratio to k=1 (median of rounds)', mid(times.get(k)!.map((t, i) => t / times.get(1)![i]!)).toFixed(2))
for (const s of sessions.values()) await s.close()
