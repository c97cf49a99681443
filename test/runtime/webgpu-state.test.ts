import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { describe, expect, it, vi } from 'vitest'

import { DeviceLostError, RuntimeError } from '../../src/core/errors.ts'
import { Generator } from '../../src/core/generator.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { DataLoader } from '../../src/data/data-loader.ts'
import { TensorDataset } from '../../src/data/tensor-dataset.ts'
import { CrossEntropyLoss } from '../../src/nn/cross-entropy-loss.ts'
import { LayerNorm } from '../../src/nn/layer-norm.ts'
import { Linear } from '../../src/nn/linear.ts'
import { MSELoss } from '../../src/nn/mse-loss.ts'
import { SGD } from '../../src/optim/sgd.ts'
import { startEngine } from '../../src/runtime/start-engine.ts'
import { TrainingSession } from '../../src/runtime/training-session.ts'
import { train } from '../../src/train/train.ts'
import { onWebgpu, whyNoWebgpu } from './webgpu.ts'

const criterion = new CrossEntropyLoss()
const labels = Tensor.from([0, 1, 2, 3], 'int32')

function parts(inFeatures: number, outFeatures = 4) {
  const model = new Linear(inFeatures, outFeatures, { generator: new Generator(0) })
  return { model, criterion, optimizer: new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 }) }
}

type Run = (this: unknown, ...args: unknown[]) => Promise<Readonly<Record<string, OrtTensor>>>
type Dispose = (this: OrtTensor) => void
const session = (InferenceSession as unknown as { readonly prototype: { run: Run } }).prototype
const tensor = (OrtTensor as unknown as { readonly prototype: { dispose: Dispose } }).prototype

/** Counts the buffers that sessions make on the device and those that are disposed of, until it is told to stop. */
function countBuffers() {
  const [live, problems] = [new Set<OrtTensor>(), [] as string[]]
  const [{ run }, { dispose }] = [session, tensor]
  session.run = async function (...args) {
    const results = await run.apply(this, args)
    for (const result of Object.values(results)) if (result.location !== 'cpu') live.add(result)
    return results
  }
  tensor.dispose = function () {
    if (!live.delete(this)) problems.push('a tensor was disposed of twice')
    dispose.call(this)
  }
  const stop = () => {
    session.run = run
    tensor.dispose = dispose
  }
  return { live, problems, stop }
}

describe.skipIf(whyNoWebgpu !== undefined)(onWebgpu('state on WebGPU'), () => {
  it('is disposed of once, as long as steps, snapshots and evaluations go on', async () => {
    const buffers = countBuffers()
    const model = new LayerNorm(50_000)
    const optimizer = new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 })
    const options = { optimizer, criterion: new MSELoss(), device: 'webgpu', engine: 'inline' } as const
    const session = await TrainingSession.create(model, options)
    const [inputs, targets] = [Tensor.full([1, 50_000], 0.5), Tensor.zeros([1, 50_000])]
    // Weight and bias, and the momentum of each; a snapshot may have two more.
    const [state, withSnapshot] = [4, 6]
    let early = 0
    for (let step = 1; step <= 300; step++) {
      await session.trainStep(inputs, targets)
      if (step % 50 === 0) await session.snapshot()
      expect(buffers.live.size).toBe(step < 50 || step % 50 === 0 ? state : withSnapshot)
      if (step % 75 === 0) await session.evalStep(inputs, targets)
      if (step % 100 === 0) await session.pull()
      if (step % 120 === 0) await session.restore()
      if (step % 120 === 0) expect(buffers.live.size).toBe(state)
      if (step === 60) early = process.memoryUsage().rss
    }
    // A step's state is 0.8 MB: a third of the steps not freed would show.
    expect(process.memoryUsage().rss - early).toBeLessThan(60e6)
    await session.close()
    buffers.stop()
    expect(buffers.problems).toEqual([])
    expect(buffers.live.size).toBe(0)
  })

  it('goes there and back, whatever its type and shape', async () => {
    const engine = await startEngine('webgpu', { engine: 'inline' })
    const tensors = {
      matrix: Tensor.from([
        [1, 2, 3],
        [4, 5, 6],
      ]),
      scalar: Tensor.from(7),
      labels,
      counter: Tensor.full([], 3, 'int64'),
      bytes: Tensor.from([1, 2, 255], 'uint8'),
    }
    await engine.push(tensors)
    const back = await engine.pull(Object.keys(tensors))
    for (const [name, { dtype, data, shape }] of Object.entries(tensors)) {
      expect(back[name], name).toEqual({ dtype, data, shape })
    }
    await engine.close()
  })

  it('is the same as on the CPU for calls that did not wait for each other', async () => {
    const losses = async (device: 'cpu' | 'webgpu') => {
      const { model, ...options } = parts(8)
      await using session = await TrainingSession.create(model, { ...options, device })
      const inputs = Tensor.full([4, 8], 0.5)
      const calls = [session.trainStep(inputs, labels), session.trainStep(inputs, labels)]
      const steps = [...calls, session.pull(), session.evalStep(inputs, labels)]
      return (await Promise.all(steps)).map((step) => step?.loss ?? 0)
    }
    const [own, expected] = [await losses('webgpu'), await losses('cpu')]
    own.forEach((loss, index) => {
      expect(loss).toBeCloseTo(expected[index]!, 5)
    })
  })
})

describe.skipIf(whyNoWebgpu !== undefined)(onWebgpu('a lost device'), () => {
  it.each(['worker', 'inline'] as const)(
    'fails what comes later by its own error, and can be closed: %s',
    async (engine) => {
      const { model, ...options } = parts(8)
      const session = await TrainingSession.create(model, { ...options, device: 'webgpu', engine })
      const inputs = Tensor.full([4, 8], 0.5)
      await session.trainStep(inputs, labels)
      await session.loseDevice()
      await expect(session.trainStep(inputs, labels)).rejects.toThrow(DeviceLostError)
      await expect(session.pull()).rejects.toThrow(/go on from it with `resume`, on device 'wasm'.*'cpu'/)
      await session.close()
      await expect(session.trainStep(inputs, labels)).rejects.toThrow(RuntimeError)
    },
  )

  it('keeps the last checkpoint, from which the run goes on elsewhere', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'device-lost-'))
    const data = new TensorDataset(Tensor.full([8, 8], 0.5), Tensor.from([0, 1, 2, 3, 0, 1, 2, 3], 'int32'))
    const options = (device: 'webgpu' | 'wasm') => ({
      ...parts(8),
      dataloaders: { train: new DataLoader(data, { batchSize: 4 }) },
      numEpochs: 3,
      device,
      checkpoint: { directory: folder },
    })
    const create = vi.spyOn(TrainingSession, 'create')
    let epochs = 0
    const { model, ...rest } = options('webgpu')
    const run = async () => {
      for await (const event of train(model, rest)) {
        if (event.type !== 'epoch' || ++epochs < 2) continue
        const session = (await create.mock.results[0]!.value) as TrainingSession
        await session.loseDevice()
      }
    }
    try {
      await expect(run()).rejects.toThrow(DeviceLostError)
      expect(model.training).toBe(false)
      const resumed = options('wasm')
      const events = []
      for await (const event of train(resumed.model, { ...resumed, resume: true })) events.push(event)
      expect(events[0]).toMatchObject({ type: 'start', device: 'wasm', resumed: { epoch: 1 } })
      expect(events.filter(({ type }) => type === 'epoch')).toHaveLength(2)
    } finally {
      create.mockRestore()
      await rm(folder, { recursive: true, force: true })
    }
  })
})

it('says what WebGPU needs where there is no adapter, and leaves the process alive', () => {
  const script = fileURLToPath(new URL('../fixtures/runtime/no-adapter.ts', import.meta.url))
  const env = { ...process.env, VK_ICD_FILENAMES: join(tmpdir(), 'no-such-driver.json') }
  const output = execFileSync(process.execPath, [...process.execArgv, script], {
    env,
    encoding: 'utf8',
    stdio: 'pipe',
  })
  const message =
    /^RuntimeError: device: 'webgpu' can't be used: .*adapter.* Remedy: it needs a graphics driver .*device: 'cpu'$/s
  const lines = output.trim().split('\n---\n')
  expect(lines).toHaveLength(3)
  expect(lines[0]!.trim()).toMatch(message)
  expect(lines[1]!.trim()).toMatch(message)
  expect(lines[2]).toBe('alive')
})
