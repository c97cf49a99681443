/**
 * For somebody with an NVIDIA GPU: checks that training on it gives the CPU's numbers, and times it, one step and several a
 * run, beside PyTorch where python3 has it with CUDA. Prints a table and writes JSON to out/bench-cuda:
 *
 *     npm run bench:cuda -- [--quick] [--device-id 0] [--python python3] [--device cuda]
 *
 * onnxruntime-node needs its CUDA libraries: `ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node`. Without a GPU,
 * `--device cpu --quick` rehearses it: all runs but the provider.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { Generator } from '../src/core/generator.ts'
import { ArgumentError, RuntimeError } from '../src/core/errors.ts'
import { Tensor } from '../src/core/tensor.ts'
import { CrossEntropyLoss } from '../src/nn/cross-entropy-loss.ts'
import { Linear } from '../src/nn/linear.ts'
import { SGD } from '../src/optim/sgd.ts'
import { checkDevice, checkDeviceId } from '../src/runtime/providers.ts'
import { startEngine } from '../src/runtime/start-engine.ts'
import { TrainingSession } from '../src/runtime/training-session.ts'
import { BasicBlock, ResNet } from '../src/vision/models/resnet.ts'
import { furthest, tenSteps } from '../test/runtime/ten-steps.ts'
import { describeMachine, machineFacts } from './machine.ts'
import { median } from './median.ts'

/** The same bounds as on the other devices. */
const tolerance = 1e-3
const works = ['frozen', 'finetune'] as const
const stepsPerRuns = [1, 2, 4]
const warmUp = 3

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    python: { type: 'string', default: 'python3' },
    device: { type: 'string', default: 'cuda' },
    'device-id': { type: 'string' },
  },
})
const [size, steps, batches] = values.quick ? [64, 5, [4]] : [224, 20, [4, 16, 64]]
const { device, deviceId } = await openDevice()

const machine = { ...machineFacts({ 'onnxruntime-node': runtimeVersion() }), gpu: gpuName() }
console.log(`${describeMachine(machine)}; ${machine.gpu}`)
if (device !== 'cuda') console.log(`A rehearsal on ${device}: its numbers say nothing of CUDA.`)
const parity = [await compare(1), await compare(5)]
for (const { stepsPerRun, isRight, ...differences } of parity) {
  console.log(
    `Ten steps of ResNet-18, ${stepsPerRun} a run, against the CPU's: ${isRight ? 'the same' : 'DIFFERENT'}, ${JSON.stringify(differences)}`,
  )
}
const ours = await timeOurs()
const pytorch = timePytorch()
report()
if (!parity.every(({ isRight }) => isRight)) process.exitCode = 1

/** Ends with what is missing, in words, where the provider can't start. */
async function openDevice() {
  try {
    const known = checkDevice(values.device)
    const number = values['device-id'] === undefined ? undefined : Number(values['device-id'])
    checkDeviceId(known, number)
    await (await startEngine(known, { deviceId: number })).close()
    return { device: known, deviceId: number }
  } catch (error) {
    if (!(error instanceof RuntimeError || error instanceof ArgumentError)) throw error
    console.error(`This machine can't be measured.\n${error.message}`)
    process.exit(1)
  }
}

function gpuName(): string {
  const args = ['--query-gpu=name,driver_version', '--format=csv,noheader', `--id=${deviceId ?? 0}`]
  const { status, stdout } = spawnSync('nvidia-smi', args, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : 'GPU unknown: nvidia-smi did not run'
}

function runtimeVersion(): string {
  const path = fileURLToPath(new URL('../node_modules/onnxruntime-node/package.json', import.meta.url))
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}

function resnet18(): ResNet {
  const generator = new Generator(0)
  return new ResNet({ block: BasicBlock, layers: [2, 2, 2, 2] }, { numClasses: 2, generator })
}

async function compare(stepsPerRun: number) {
  const cpu = await tenSteps(resnet18(), size, 'cpu')
  const own = await tenSteps(resnet18(), size, device, { stepsPerRun, deviceId })
  const lossDifference = Math.max(
    ...cpu.losses.map((loss, step) => Math.abs(loss - own.losses[step]!) / loss),
  )
  const { name, difference } = furthest(cpu.end, own.end)
  const isRight = lossDifference < tolerance && difference < tolerance
  return { stepsPerRun, isRight, lossDifference, parameterDifference: difference, parameter: name }
}

async function timeOurs(): Promise<Record<string, number[]>> {
  const seconds: Record<string, number[]> = {}
  for (const batch of batches) {
    for (const work of works) {
      const times: number[] = []
      for (const stepsPerRun of stepsPerRuns) times.push(await timeStep(work, batch, stepsPerRun))
      seconds[`${work} ${batch}`] = times
    }
  }
  return seconds
}

/** Median seconds of a step. */
async function timeStep(work: (typeof works)[number], batch: number, stepsPerRun: number): Promise<number> {
  const model = resnet18()
  if (work === 'frozen') model.requiresGrad_(false)
  model.fc = new Linear(512, 2)
  const criterion = new CrossEntropyLoss()
  const optimizer = new SGD(model.parameters(), { lr: 0.001, momentum: 0.9 })
  const options = { criterion, optimizer, device, deviceId, stepsPerRun }
  await using session = await TrainingSession.create(model, options)
  const generator = new Generator(0)
  const inputs = Tensor.zeros([batch, 3, size, size])
  for (let index = 0; index < inputs.size; index++) inputs.data[index] = generator.normal()
  const labels = Tensor.from(
    Array.from({ length: batch }, (_, index) => index % 2),
    'int32',
  )
  const run = Array.from({ length: stepsPerRun }, () => ({ inputs, labels }))
  const times: number[] = []
  while (times.length < Math.max(2, Math.ceil(steps / stepsPerRun)) + warmUp) {
    const began = performance.now()
    await session.trainSteps(run)
    times.push((performance.now() - began) / 1000 / stepsPerRun)
  }
  return median(times.slice(warmUp))
}

interface Pytorch {
  readonly version: string
  readonly device: string
  readonly seconds: Readonly<Record<string, number>>
}

/** Or why it didn't run. */
function timePytorch(): Pytorch | string {
  const script = fileURLToPath(new URL('cuda.py', import.meta.url))
  const args = [script, JSON.stringify([device, deviceId ?? 0, size, steps, batches])]
  const { status, stdout, stderr, error } = spawnSync(values.python, args, { encoding: 'utf8' })
  if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1)!) as Pytorch
  return error?.message ?? stderr.trim().split('\n').at(-1) ?? 'it ended without a word'
}

function report(): void {
  const theirs = typeof pytorch === 'string' ? undefined : pytorch.seconds
  const milliseconds = (value: number | undefined) => (value === undefined ? '–' : (value * 1000).toFixed(1))
  const columns = stepsPerRuns.map((count) => `ours, ${count} a run, ms`)
  const heads = ['step', ...columns, 'PyTorch, ms', 'ours, best / PyTorch']
  console.log(`\n| ${heads.join(' | ')} |\n| ${heads.map(() => '---').join(' | ')} |`)
  for (const [step, times] of Object.entries(ours)) {
    const other = theirs?.[step]
    const ratio = other === undefined ? '–' : (Math.min(...times) / other).toFixed(2)
    console.log(`| ${[step, ...times.map(milliseconds), milliseconds(other), ratio].join(' | ')} |`)
  }
  if (typeof pytorch === 'string') console.log(`\nPyTorch: absent, ${pytorch}`)
  const out = fileURLToPath(new URL('../out/bench-cuda/', import.meta.url))
  mkdirSync(out, { recursive: true })
  writeFileSync(
    `${out}results.json`,
    `${JSON.stringify({ machine, device, deviceId, size, stepsPerRuns, parity, ours, pytorch }, null, 2)}\n`,
  )
  console.log(`\nwritten to ${out}`)
}
