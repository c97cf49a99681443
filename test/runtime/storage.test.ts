import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { ArgumentError, RuntimeError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { CrossEntropyLoss } from '../../src/nn/cross-entropy-loss.ts'
import { Linear } from '../../src/nn/linear.ts'
import type { Module } from '../../src/nn/module.ts'
import { SGD } from '../../src/optim/sgd.ts'
import type { Device } from '../../src/runtime/providers.ts'
import type { StorageType } from '../../src/runtime/storage.ts'
import { buildTraining } from '../../src/runtime/training-graph.ts'
import { TrainingSession } from '../../src/runtime/training-session.ts'
import { predict } from '../../src/train/predict.ts'
import { bytesKeptAtLoss } from './kept-at-loss.ts'
import { batchOf, startModel, unpack, type Packed } from './tiny-resnet.ts'
import { onWebgpu, placeOnDevice, whyNoWebgpu } from './webgpu.ts'

/** Ten steps of PyTorch: test/fixtures/float16/make.py. */
interface Run {
  readonly losses: readonly number[]
  readonly state: Record<string, Packed>
}
type Kind = StorageType | `${StorageType}Frozen`
const file = new URL('../fixtures/float16/ten-steps.json', import.meta.url)
const runs = JSON.parse(readFileSync(file, 'utf8')) as Record<Kind, Run>

const criterion = new CrossEntropyLoss()

/** Why WebGPU can't keep float16 here; `undefined` where it can. */
const whyNoFloat16 =
  whyNoWebgpu ??
  (await TrainingSession.create(new Linear(1, 1), { device: 'webgpu', storage: 'float16' }).then(
    async (session) => {
      await session.close()
      return undefined
    },
    (error: unknown) => String(error),
  ))
const devices = (['cpu', 'wasm', 'webgpu'] as const).map((device) => {
  const skip = device === 'webgpu' && whyNoFloat16 !== undefined
  return { device, skip, name: skip ? `${device} (skipped: ${whyNoFloat16})` : device }
})

async function tenSteps(
  device: Device,
  storage: StorageType,
  frozen: boolean,
  gradientCheckpointing = false,
): Promise<Run> {
  const model = startModel(frozen)
  if (frozen) scaleWeights(model)
  const optimizer = new SGD(model.parameters(), { lr: 0.01, momentum: 0.9, weightDecay: 1e-3 })
  await using session = await TrainingSession.create(model, {
    criterion,
    optimizer,
    device,
    storage,
    gradientCheckpointing,
  })
  const losses: number[] = []
  for (let step = 0; step < 10; step++) {
    const { inputs, labels } = step % 2 === 0 ? batchOf(0, 4) : batchOf(4, 7)
    losses.push((await session.trainStep(inputs, labels)).loss)
  }
  await session.pull()
  return {
    losses,
    state: Object.fromEntries([...model.stateDict()].map(([key, value]) => [key, packed(value)])),
  }
}

/** The fixture's first weights are bfloat16, which float16 has too: not so, times 1.001. */
function scaleWeights(model: Module): void {
  for (const [name, parameter] of model.namedParameters()) {
    if (name.startsWith('fc.') || parameter.shape.length < 2) continue
    const data = Float32Array.from(
      parameter.tensor.data as Float32Array,
      (value) => value * Math.fround(1.001),
    )
    parameter.tensor = new Tensor('float32', data, parameter.shape)
  }
}

const packed = ({ data, shape }: Tensor): Packed => ({
  shape,
  data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
})

/** How far two runs' losses and states are from each other, by name, relative to their scale. */
function distances(a: Run, b: Run): Map<string, number> {
  const losses = a.losses.map((loss, step) => [`loss ${step}`, Math.abs(loss / b.losses[step]! - 1)] as const)
  const states = Object.entries(a.state).map(([key, value]) => {
    const [one, other] = [unpack(value).data, unpack(b.state[key]!).data]
    const scale = Math.max(...one.map(Math.abs))
    return [key, Math.max(...one.map((number, index) => Math.abs(number - other[index]!))) / scale] as const
  })
  return new Map([...losses, ...states])
}

describe.each(devices)(
  "ten steps with storage: 'float16' on $name",
  ({ device, skip }) => {
    it.skipIf(skip)("are PyTorch's with saved tensors in float16, and near those in float32", async () => {
      const own = await tenSteps(device, 'float16', false)
      const between = distances(runs.float32, runs.float16)
      for (const [name, distance] of distances(runs.float16, own)) {
        // Before the first step nothing has been rounded.
        const most = name === 'loss 0' ? 1e-6 : between.get(name)! / 10
        expect(distance, name).toBeLessThan(most)
      }
      for (const [step, loss] of runs.float32.losses.entries())
        expect(Math.abs(own.losses[step]! / loss - 1), `loss ${step}`).toBeLessThan(0.05)
    })

    const kind = device === 'webgpu' ? 'float16' : 'float32'
    it.skipIf(skip)(`keep frozen weights in ${kind}, as PyTorch with such weights does`, async () => {
      const own = await tenSteps(device, 'float16', true)
      const apart = distances(runs[`${kind}Frozen`], own)
      const between = distances(runs.float32Frozen, runs.float16Frozen).get('loss 0')!
      expect(apart.get('loss 0')).toBeLessThan(between / 10)
      // Their difference is small beside the float32 noise of ten steps.
      for (const [name, distance] of apart) expect(distance, name).toBeLessThan(1e-3)
    })
  },
  240_000,
)

describe("storage: 'float16'", () => {
  it('changes no output and no loss of the same parameters', async () => {
    const { inputs, labels } = batchOf(0, 4)
    const [wide, half] = await Promise.all(
      (['float32', 'float16'] as const).map(async (storage) => {
        const model = startModel(false)
        const optimizer = new SGD(model.parameters(), { lr: 0.01 })
        const options = { criterion, optimizer, device: 'cpu', storage } as const
        await using session = await TrainingSession.create(model, options)
        const evaluated = await session.evalStep(inputs, labels)
        return [evaluated, await session.trainStep(inputs, labels)]
      }),
    )
    expect(half).toEqual(wide)
  })

  it('lets computing blocks anew begin with rounded numbers', async () => {
    const own = await tenSteps('cpu', 'float16', false, true)
    const between = distances(runs.float32, runs.float16)
    expect(distances(runs.float16, own).get('loss 9')).toBeLessThan(2 * between.get('loss 9')!)
  })

  it('takes half of the memory that activations take at the end of the forward pass', async () => {
    const [wide, half] = [await keptBytes('float32'), await keptBytes('float16')]
    expect(half / wide).toBeLessThan(0.6)
  })

  it('is refused with what there is', async () => {
    const creation = TrainingSession.create(startModel(true), {
      device: 'cpu',
      storage: 'float8' as 'float16',
    })
    await expect(creation).rejects.toThrow(ArgumentError)
    await expect(creation).rejects.toThrow("storage float8 is unknown: use 'float32' or 'float16'")
  })

  it.skipIf(whyNoWebgpu !== undefined || whyNoFloat16 === undefined)(
    onWebgpu('is refused on an adapter without shader-f16, before a step'),
    async () => {
      const options = { device: 'webgpu', storage: 'float16' } as const
      await expect(TrainingSession.create(startModel(true), options)).rejects.toThrow(RuntimeError)
      await expect(predict(startModel(true), batchOf(0, 1).inputs, options)).rejects.toThrow(
        /^storage: 'float16' .* needs the feature shader-f16: .* Remedy: leave storage out, .* device: 'cpu'$/s,
      )
    },
  )

  it.skipIf(whyNoWebgpu !== undefined)(onWebgpu('leaves all operators on the device'), async () => {
    for (const frozen of [false, true]) {
      const model = startModel(frozen)
      const optimizer = new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 })
      const { program } = await buildTraining(model, [3, 48, 48], criterion, optimizer, 'webgpu', {
        storage: 'float16',
      })
      await placeOnDevice(program)
    }
  })
})

/** Bytes of a step of the whole network that ONNX Runtime keeps for the backward pass. */
async function keptBytes(storage: StorageType): Promise<number> {
  const model = startModel(false)
  const optimizer = new SGD(model.parameters(), { lr: 0.01 })
  const plan = await buildTraining(model, [3, 48, 48], criterion, optimizer, 'cpu', { storage })
  const { inputs, labels } = batchOf(0, 4)
  return bytesKeptAtLoss(plan, { input: inputs, labels, 'dim:N': Tensor.from(4) })
}
