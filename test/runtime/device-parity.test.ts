import { beforeAll, describe, expect, it } from 'vitest'

import { smallNetwork } from '../../examples/shapes/small-network.ts'
import { Generator } from '../../src/core/generator.ts'
import { Linear } from '../../src/nn/linear.ts'
import type { Module } from '../../src/nn/module.ts'
import type { Device } from '../../src/runtime/providers.ts'
import { startEngine } from '../../src/runtime/start-engine.ts'
import { probeStep } from '../../src/runtime/probe-step.ts'
import { furthest, tenSteps, type TenSteps } from './ten-steps.ts'
import { onWebgpu, whyNoWebgpu } from './webgpu.ts'

/** The trained small network of the examples, with a new head. ResNet-18 is compared in test/web, where there is time. */
async function tinyNetwork(): Promise<Module> {
  const model = await smallNetwork()
  model.fc = new Linear(model.fc.inFeatures, 2, { generator: new Generator(3) })
  return model
}

let cpu: TenSteps
beforeAll(async () => {
  cpu = await tenSteps(await tinyNetwork(), 32, 'cpu')
})

async function expectParity(device: Device): Promise<void> {
  const own = await tenSteps(await tinyNetwork(), 32, device)
  for (const [step, loss] of [...own.losses, own.evalLoss].entries()) {
    const expected = [...cpu.losses, cpu.evalLoss][step]!
    expect(Math.abs(loss - expected) / expected, `loss of step ${step}`).toBeLessThan(1e-3)
  }
  const { name, difference } = furthest(cpu.end, own.end)
  expect(difference, name).toBeLessThan(1e-3)
}

describe('ten steps of fine-tuning have the losses and parameters of the CPU', () => {
  it('which learns: its parameters move much further than they may differ', () => {
    expect(furthest(cpu.start, cpu.end).difference).toBeGreaterThan(0.05)
    expect(cpu.losses.at(-1)).toBeLessThan(0.7 * cpu.losses[0]!)
  })

  it('on wasm', async () => {
    await expectParity('wasm')
  })

  it.skipIf(whyNoWebgpu !== undefined)(onWebgpu('on webgpu'), async () => {
    await expectParity('webgpu')
  })
})

describe('the probe that auto makes in a page', () => {
  // WebGPU is auto-in-a-page.test.ts's.
  it.each(['cpu', 'wasm'] as const)('finds %s right', async (device) => {
    const engine = await startEngine(device)
    expect(await probeStep(engine, device)).toBeUndefined()
    await engine.close()
  })

  it('finds a device wrong that forgets its momentum', async () => {
    const engine = await startEngine('cpu', { engine: 'inline' })
    const run = engine.run.bind(engine)
    engine.run = async (...args) => {
      const results = await run(...args)
      await engine.zeros({ 'momentum_buffer:0.weight': { dtype: 'float32', shape: [6, 3, 3, 3] } })
      return results
    }
    expect(await probeStep(engine, 'cpu')).toMatch(/the losses of a probe's steps are .* instead of /)
    await engine.close()
  })
})
