/**
 * Compares what src/runtime/memory-estimate.ts says of a training step with the WebAssembly memory that the step took:
 *
 *     node --conditions=onnx-finetune-source --import tsx bench/web/memory.ts
 *
 * A process of its own for each step, since WebAssembly's memory never shrinks.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { CrossEntropyLoss } from '../../src/nn/cross-entropy-loss.ts'
import { Linear } from '../../src/nn/linear.ts'
import { resnet18, resnet50 } from '../../src/io/models.ts'
import { SGD } from '../../src/optim/sgd.ts'
import { Adam } from '../../src/optim/adam.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { peakMemory } from '../../src/runtime/memory-estimate.ts'
import { buildTraining } from '../../src/runtime/training-graph.ts'
import { TrainingSession } from '../../src/runtime/training-session.ts'
import { checkpointBlocks } from '../../src/nn/checkpoint-blocks.ts'

interface Case {
  readonly network: 'resnet18' | 'resnet50'
  readonly work: 'frozen' | 'finetune' | 'checkpointed' | 'adam'
  readonly size: number
  readonly batch: number
}

const cases: readonly Case[] = [
  { network: 'resnet18', work: 'finetune', size: 32, batch: 4 },
  { network: 'resnet18', work: 'finetune', size: 224, batch: 4 },
  { network: 'resnet18', work: 'finetune', size: 224, batch: 16 },
  { network: 'resnet18', work: 'finetune', size: 112, batch: 64 },
  { network: 'resnet18', work: 'finetune', size: 224, batch: 32 },
  { network: 'resnet18', work: 'finetune', size: 224, batch: 80 },
  { network: 'resnet18', work: 'checkpointed', size: 224, batch: 16 },
  { network: 'resnet18', work: 'adam', size: 224, batch: 4 },
  { network: 'resnet18', work: 'frozen', size: 224, batch: 4 },
  { network: 'resnet18', work: 'frozen', size: 224, batch: 64 },
  { network: 'resnet50', work: 'finetune', size: 224, batch: 4 },
  { network: 'resnet50', work: 'frozen', size: 224, batch: 16 },
]

async function measure({
  network,
  work,
  size,
  batch,
}: Case): Promise<{ estimated: number; measured: number }> {
  const memories: WebAssembly.Memory[] = []
  const { Memory } = WebAssembly
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor)
      memories.push(this)
    }
  }
  const model = await (network === 'resnet18' ? resnet18 : resnet50)()
  if (work === 'frozen') model.requiresGrad_(false)
  model.fc = new Linear(model.fc.inFeatures, 2)
  const criterion = new CrossEntropyLoss()
  const optimizer =
    work === 'adam' ? new Adam(model.parameters()) : new SGD(model.parameters(), { lr: 0.001, momentum: 0.9 })
  const gradientCheckpointing = work === 'checkpointed'
  const blocks = checkpointBlocks(model, gradientCheckpointing)
  const { memory } = await buildTraining(model, [3, size, size], criterion, optimizer, 'wasm', { blocks })
  const options = { criterion, optimizer, device: 'wasm', engine: 'inline', gradientCheckpointing } as const
  await using session = await TrainingSession.create(model, options)
  const labels = Tensor.from(
    Array.from({ length: batch }, (_, index) => index % 2),
    'int32',
  )
  for (let step = 0; step < 2; step++) await session.trainStep(Tensor.zeros([batch, 3, size, size]), labels)
  const measured = Math.max(...memories.map(({ buffer }) => buffer.byteLength))
  return { estimated: peakMemory(memory, batch), measured }
}

const [given] = process.argv.slice(2)
if (given !== undefined) {
  const began = performance.now()
  const result = await measure(JSON.parse(given) as Case)
  console.log(JSON.stringify({ ...result, seconds: Math.round((performance.now() - began) / 1000) }))
} else {
  console.log('| step | estimated MB | measured MB | ratio |\n| --- | --- | --- | --- |')
  for (const each of cases) {
    const args = [...process.execArgv, fileURLToPath(import.meta.url), JSON.stringify(each)]
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    const { network, work, size, batch } = each
    const name = `${network}, ${work}, ${size}, batch ${batch}`
    const line = stdout.split('\n').find((text) => text.startsWith('{'))
    if (line === undefined) {
      console.log(`| ${name} | – | ${stderr.trim().split('\n').at(-1)} | – |`)
      continue
    }
    const { estimated, measured } = JSON.parse(line) as { estimated: number; measured: number }
    const [a, b] = [estimated, measured].map((bytes) => Math.round(bytes / 1e6))
    console.log(`| ${name} | ${a} | ${b} | ${(estimated / measured).toFixed(2)} |`)
  }
}
