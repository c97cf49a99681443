/**
 * For somebody with an NVIDIA GPU: checks that training on it gives the CPU's numbers, and times it, beside PyTorch where
 * python3 has it with CUDA. Prints a table and writes JSON to out/bench-cuda:
 *
 *     npx tsx bench/cuda.ts [--quick] [--python python3]
 *
 * onnxruntime-node needs its CUDA libraries: `ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node`.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { Generator } from '../src/core/generator.ts'
import { RuntimeError } from '../src/core/errors.ts'
import { Tensor } from '../src/core/tensor.ts'
import { CrossEntropyLoss } from '../src/nn/cross-entropy-loss.ts'
import { Linear } from '../src/nn/linear.ts'
import { SGD } from '../src/optim/sgd.ts'
import { startEngine } from '../src/runtime/start-engine.ts'
import { TrainingSession } from '../src/runtime/training-session.ts'
import { BasicBlock, ResNet } from '../src/vision/models/resnet.ts'
import { furthest, tenSteps } from '../test/runtime/ten-steps.ts'
import { describeMachine, machineFacts } from './machine.ts'
import { median } from './median.ts'

/** The same bounds as on the other devices. */
const tolerance = 1e-3
const batches = [4, 16, 64]
const works = ['frozen', 'finetune'] as const

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, python: { type: 'string', default: 'python3' } },
})
const [size, steps] = values.quick ? [64, 5] : [224, 20]

await checkCuda()
const gpu = spawnSync('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader'], {
  encoding: 'utf8',
})
const machine = {
  ...machineFacts({}),
  gpu: gpu.status === 0 ? gpu.stdout.trim() : 'unknown: nvidia-smi did not run',
}
console.log(`${describeMachine(machine)}; ${machine.gpu}`)
const parity = await compare()
console.log(
  `Ten steps of ResNet-18 against the CPU: ${parity.isRight ? 'the same' : 'DIFFERENT'}, ${JSON.stringify(parity)}`,
)
const ours = await timeOurs()
const pytorch = timePytorch()
report()
if (!parity.isRight) process.exitCode = 1

/** Ends with what is missing, in words, where the provider can't start. */
async function checkCuda(): Promise<void> {
  try {
    await (await startEngine('cuda')).close()
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error
    console.error(`This machine can't be measured.\n${error.message}`)
    process.exit(1)
  }
}

function resnet18(): ResNet {
  const generator = new Generator(0)
  return new ResNet({ block: BasicBlock, layers: [2, 2, 2, 2] }, { numClasses: 2, generator })
}

async function compare() {
  const [cpu, cuda] = [await tenSteps(resnet18(), size, 'cpu'), await tenSteps(resnet18(), size, 'cuda')]
  const lossDifference = Math.max(
    ...cpu.losses.map((loss, step) => Math.abs(loss - cuda.losses[step]!) / loss),
  )
  const { name, difference } = furthest(cpu.end, cuda.end)
  const isRight = lossDifference < tolerance && difference < tolerance
  return { isRight, lossDifference, parameterDifference: difference, parameter: name, losses: cuda.losses }
}

async function timeOurs(): Promise<Record<string, number>> {
  const seconds: Record<string, number> = {}
  for (const batch of batches) {
    for (const work of works) seconds[`${work} ${batch}`] = await timeStep(work, batch)
  }
  return seconds
}

/** Median seconds of a step. */
async function timeStep(work: (typeof works)[number], batch: number): Promise<number> {
  const model = resnet18()
  if (work === 'frozen') model.requiresGrad_(false)
  model.fc = new Linear(512, 2)
  const criterion = new CrossEntropyLoss()
  const optimizer = new SGD(model.parameters(), { lr: 0.001, momentum: 0.9 })
  await using session = await TrainingSession.create(model, { criterion, optimizer, device: 'cuda' })
  const generator = new Generator(0)
  const inputs = Tensor.zeros([batch, 3, size, size])
  for (let index = 0; index < inputs.size; index++) inputs.data[index] = generator.normal()
  const labels = Tensor.from(
    Array.from({ length: batch }, (_, index) => index % 2),
    'int32',
  )
  const times: number[] = []
  for (let step = 0; step < steps + 3; step++) {
    const began = performance.now()
    await session.trainStep(inputs, labels)
    times.push((performance.now() - began) / 1000)
  }
  return median(times.slice(3))
}

interface Pytorch {
  readonly version: string
  readonly device: string
  readonly seconds: Readonly<Record<string, number>>
}

/** Or why it didn't run. */
function timePytorch(): Pytorch | string {
  const script = fileURLToPath(new URL('cuda.py', import.meta.url))
  const args = [script, JSON.stringify([size, steps, batches])]
  const { status, stdout, stderr, error } = spawnSync(values.python, args, { encoding: 'utf8' })
  if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1)!) as Pytorch
  return error?.message ?? stderr.trim().split('\n').at(-1) ?? 'it ended without a word'
}

function report(): void {
  const theirs = typeof pytorch === 'string' ? undefined : pytorch.seconds
  const milliseconds = (value: number | undefined) => (value === undefined ? '–' : (value * 1000).toFixed(1))
  console.log('\n| step | ours, ms | PyTorch, ms | ours / PyTorch |\n| --- | --- | --- | --- |')
  for (const [step, value] of Object.entries(ours)) {
    const other = theirs?.[step]
    const ratio = other === undefined ? '–' : (value / other).toFixed(2)
    console.log(`| ${step} | ${milliseconds(value)} | ${milliseconds(other)} | ${ratio} |`)
  }
  if (typeof pytorch === 'string') console.log(`\nPyTorch: absent, ${pytorch}`)
  const out = fileURLToPath(new URL('../out/bench-cuda/', import.meta.url))
  mkdirSync(out, { recursive: true })
  writeFileSync(
    `${out}results.json`,
    `${JSON.stringify({ machine, size, parity, ours, pytorch }, null, 2)}\n`,
  )
  console.log(`\nwritten to ${out}`)
}
