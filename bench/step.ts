/**
 * Times a step of ResNet-18 at 224 × 224 beside PyTorch's, in turns in the same minutes:
 *
 *     npm run bench:step -- [--weights resnet18.pth] [--batch 4] [--rounds 5] [--cases finetune,frozen,eval]
 *
 * PyTorch runs as installed, and with an allocator that keeps its memory. `eval` is the evaluation inside of
 * fine-tuning, whose weights change between two of them.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

import { Generator, models, nn, optim, Tensor, TrainingSession } from 'onnx-finetune'

const { values } = parseArgs({
  options: {
    weights: { type: 'string', default: '-' },
    batch: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    cases: { type: 'string', default: 'finetune,frozen,eval' },
    python: { type: 'string', default: '/usr/bin/python3' },
  },
})
const batch = Number(values.batch)
const [steps, warmUp] = [16, 6]
type Case = 'finetune' | 'frozen' | 'eval'

const allocator = {
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
  MALLOC_MMAP_THRESHOLD_: '4294967295',
  MALLOC_TRIM_THRESHOLD_: '4294967295',
  MALLOC_TOP_PAD_: '268435456',
}

const generator = new Generator(0)
const inputs = Tensor.zeros([batch, 3, 224, 224])
for (let index = 0; index < inputs.size; index++) inputs.data[index] = generator.normal()
const labels = Tensor.from(
  Array.from({ length: batch }, (_, index) => index % 2),
  'int32',
)

async function ours(name: Case): Promise<number[]> {
  const model = await models.resnet18()
  if (name === 'frozen') model.requiresGrad_(false)
  model.fc = new nn.Linear(model.fc.inFeatures, 2)
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.001, momentum: 0.9 })
  const criterion = new nn.CrossEntropyLoss()
  await using session = await TrainingSession.create(model, { criterion, optimizer, device: 'cpu' })
  const times: number[] = []
  for (let step = 0; step < steps; step++) {
    const began = performance.now()
    await (name === 'eval' ? session.evalStep(inputs, labels) : session.trainStep(inputs, labels))
    times.push((performance.now() - began) / 1000)
  }
  return times
}

/** A PyTorch process that answers requests; it sleeps between them. */
function startTorch(environment: NodeJS.ProcessEnv) {
  const script = new URL('torch_step.py', import.meta.url).pathname
  const process_ = spawn(values.python, [script, values.weights, String(batch)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  })
  const lines = createInterface({ input: process_.stdout })[Symbol.asyncIterator]()
  const time = async (name: Case): Promise<number[]> => {
    process_.stdin.write(`${name} ${steps}\n`)
    const line = (await lines.next()) as IteratorResult<string, undefined>
    return (line.value ?? '').split(' ').map(Number)
  }
  return { time, stop: () => process_.kill() }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

/** Without the first steps: sessions are built and memory grows there. */
const typical = (times: readonly number[]): number => median(times.slice(warmUp))

const spread = (ratios: readonly number[]): string =>
  `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`

const [installed, tuned] = [startTorch({}), startTorch(allocator)]
for (const name of values.cases.split(',') as Case[]) {
  const ratios = { installed: [] as number[], tuned: [] as number[] }
  for (let round = 0; round < Number(values.rounds); round++) {
    const [a, b, c] = [
      typical(await ours(name)),
      typical(await installed.time(name)),
      typical(await tuned.time(name)),
    ]
    ratios.installed.push(a / b)
    ratios.tuned.push(a / c)
    console.log(
      `${name} batch ${batch}: ours ${a.toFixed(3)} s, PyTorch ${b.toFixed(3)} s, tuned ${c.toFixed(3)} s`,
    )
  }
  console.log(
    `${name} batch ${batch}: ratio to PyTorch as installed ${spread(ratios.installed)}, tuned ${spread(ratios.tuned)}`,
  )
}
installed.stop()
tuned.stop()
