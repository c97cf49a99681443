import { describe, expect, it } from 'vitest'

import { CrossEntropyLoss } from '../../src/nn/cross-entropy-loss.ts'
import { Linear } from '../../src/nn/linear.ts'
import { SGD } from '../../src/optim/sgd.ts'
import { openSession, type Runtime } from '../../src/runtime/package-backend.ts'
import { buildTraining } from '../../src/runtime/training-graph.ts'
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
})
