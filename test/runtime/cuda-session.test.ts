import { existsSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { ArgumentError, RuntimeError } from '../../src/core/errors.ts'
import { CrossEntropyLoss } from '../../src/nn/cross-entropy-loss.ts'
import { Linear } from '../../src/nn/linear.ts'
import { SGD } from '../../src/optim/sgd.ts'
import { openSession, type Runtime } from '../../src/runtime/package-backend.ts'
import type { Device } from '../../src/runtime/providers.ts'
import { buildTraining } from '../../src/runtime/training-graph.ts'
import { TrainingSession } from '../../src/runtime/training-session.ts'
import { resnet18 } from '../../src/io/models.ts'

describe('CUDA without a GPU', () => {
  it('asks ONNX Runtime for its provider, with the options of every session', async () => {
    const asked: unknown[] = []
    const create = (_: Uint8Array, options: unknown) => Promise.resolve(asked.push(options))
    const runtime = { InferenceSession: { create } } as unknown as Runtime
    await openSession(runtime, { device: 'cuda', threads: 3 }, { model: new Uint8Array() })
    expect(asked).toMatchObject([
      { executionProviders: ['cuda'], intraOpNumThreads: 3, graphOptimizationLevel: 'all' },
    ])
  })

  it('takes the graphics processor that deviceId names', async () => {
    const asked: unknown[] = []
    const create = (_: Uint8Array, options: unknown) => Promise.resolve(asked.push(options))
    const runtime = { InferenceSession: { create } } as unknown as Runtime
    await openSession(runtime, { device: 'cuda', deviceId: 1 }, { model: new Uint8Array() })
    expect(asked).toMatchObject([{ executionProviders: [{ name: 'cuda', deviceId: 1 }] }])
  })

  it.each<[Device | 'auto', number, string]>([
    ['cpu', 0, "deviceId is for device: 'cuda'"],
    ['auto', 1, "not for device: 'auto'"],
    ['webgpu', 0, "not for device: 'webgpu'"],
    ['cuda', -1, 'from 0 on, not -1'],
    ['cuda', 0.5, 'from 0 on, not 0.5'],
  ])('refuses, for device %s, deviceId %s', async (device, deviceId, message) => {
    const created = TrainingSession.create(new Linear(2, 2), { device, deviceId, engine: 'inline' })
    await expect(created).rejects.toThrow(ArgumentError)
    await expect(created).rejects.toThrow(message)
  })

  it.skipIf(existsSync('/proc/driver/nvidia'))('says what is missing, with a deviceId too', async () => {
    const created = TrainingSession.create(new Linear(2, 2), {
      device: 'cuda',
      deviceId: 1,
      engine: 'inline',
    })
    await expect(created).rejects.toThrow(RuntimeError)
    await expect(created).rejects.toThrow(/device: 'cuda' can't be used: .*Remedy: it needs Linux x64/)
  })

  it('carries across the host at each step only what the optimizer and BatchNorm change', async () => {
    const model = await resnet18()
    model.requiresGrad_(false)
    model.fc = new Linear(model.fc.inFeatures, 2)
    const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
    const { program } = await buildTraining(model, [3, 64, 64], new CrossEntropyLoss(), optimizer, 'cuda')
    const changed = /^(momentum_buffer:)?fc\.(weight|bias)$|\.running_(mean|var)$/
    const [inputs, outputs] = [Object.values(program.stateInputs), Object.values(program.updates)]
    const isOther = (name: string) => !changed.test(name)
    expect(inputs.filter(isOther)).toEqual([])
    expect(outputs.filter(isOther)).toEqual([])
    expect(outputs).toContain('fc.weight')
  })

  it('carries it once for several steps in one run', async () => {
    const model = await resnet18()
    const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
    const criterion = new CrossEntropyLoss()
    const plan = await buildTraining(model, [3, 64, 64], criterion, optimizer, 'cuda', {
      stepsPerRun: 4,
    })
    const { program, results } = await plan.several!()
    expect(program.stateInputs).toEqual(plan.program.stateInputs)
    expect(Object.values(program.updates).sort()).toEqual(Object.values(plan.program.updates).sort())
    expect(new Set(program.fetches)).toEqual(
      new Set(results.flatMap(({ lossName, outputName }) => [lossName, outputName])),
    )
    expect(program.fetches).toHaveLength(8)
  })
})
