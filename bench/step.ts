/**
 * Times a step of ResNet-18 at 224 × 224 beside PyTorch's, alternately in the same minutes:
 *
 *     npm run bench:step -- [--weights resnet18.pth] [--batch 4] [--rounds 3]
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

import { Generator, models, nn, optim, Tensor, TrainingSession } from 'onnx-finetune'

const { values } = parseArgs({
  options: {
    weights: { type: 'string', default: '-' },
    batch: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string', default: '/usr/bin/python3' },
  },
})
const batch = Number(values.batch)
const steps = 8
type Case = 'finetune' | 'frozen' | 'eval'

const generator = new Generator(0)
const inputs = Tensor.zeros([batch, 3, 224, 224])
for (let index = 0; index < inputs.size; index++) inputs.data[index] = generator.normal()
const labels = Tensor.from(
  Array.from({ length: batch }, (_, index) => index % 2),
  'int32',
)

async function open(frozen: boolean): Promise<TrainingSession> {
  const model = await models.resnet18()
  if (frozen) model.requiresGrad_(false)
  model.fc = new nn.Linear(model.fc.inFeatures, 2)
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.001, momentum: 0.9 })
  return TrainingSession.create(model, { criterion: new nn.CrossEntropyLoss(), optimizer, device: 'cpu' })
}

async function ours(name: Case): Promise<number[]> {
  const session = await open(name === 'frozen')
  const times: number[] = []
  for (let step = 0; step < steps; step++) {
    const began = performance.now()
    await (name === 'eval' ? session.evalStep(inputs, labels) : session.trainStep(inputs, labels))
    times.push((performance.now() - began) / 1000)
  }
  await session.close()
  return times
}

const script = new URL('torch_step.py', import.meta.url).pathname
const torch = spawn(values.python, [script, values.weights, String(batch)], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
const lines = createInterface({ input: torch.stdout })[Symbol.asyncIterator]()
async function theirs(name: Case): Promise<number[]> {
  torch.stdin.write(`${name} ${steps}\n`)
  const line = (await lines.next()) as IteratorResult<string, undefined>
  return (line.value ?? '').split(' ').map(Number)
}

/** Without the first two: sessions are built and buffers grow there. */
const median = (times: number[]): number => {
  const sorted = times.slice(2).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

for (const name of ['finetune', 'frozen', 'eval'] as const) {
  for (let round = 0; round < Number(values.rounds); round++) {
    const [a, b] = [median(await ours(name)), median(await theirs(name))]
    console.log(
      `${name} batch ${batch}: ours ${a.toFixed(3)} s, PyTorch ${b.toFixed(3)} s, ratio ${(a / b).toFixed(2)}`,
    )
  }
}
torch.kill()
