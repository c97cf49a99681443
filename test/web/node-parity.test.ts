import { expect, it } from 'vitest'

import { Tensor } from '../../src/core/tensor.ts'
import * as models from '../../src/io/models.ts'
import { BatchNorm2d } from '../../src/nn/batch-norm2d.ts'
import type { Module } from '../../src/nn/module.ts'
import { furthest, tenSteps } from '../runtime/ten-steps.ts'
import { onWebgpu, whyNoWebgpu } from '../runtime/webgpu.ts'

// Here, and not with the unit tests, for the time that a software adapter takes: test/runtime has the small network.

/**
 * A ResNet-18 whose residual branches start small, as those of trained ones are: one as it is drawn makes of any
 * rounding a hundred times as much in a step.
 */
async function resnet18(start?: ReadonlyMap<string, Tensor>): Promise<Module> {
  const model = await models.resnet18({ numClasses: 2 })
  for (const [name, module] of model.namedModules()) {
    if (!(module instanceof BatchNorm2d) || !name.endsWith('.bn2')) continue
    module.weight!.tensor = Tensor.full(module.weight!.shape, 0.2)
  }
  for (const [name, { tensor }] of [...model.namedParameters()]) {
    const given = start?.get(name)
    if (given) tensor.data.set(given.data as never)
  }
  return model
}

async function expectParity(device: 'wasm' | 'webgpu'): Promise<void> {
  const cpu = await tenSteps(await resnet18(), 64, 'cpu')
  const own = await tenSteps(await resnet18(cpu.start), 64, device)
  for (const [step, loss] of [...own.losses, own.evalLoss].entries()) {
    const expected = [...cpu.losses, cpu.evalLoss][step]!
    expect(Math.abs(loss - expected) / expected, `loss of step ${step}`).toBeLessThan(1e-3)
  }
  const { name, difference } = furthest(cpu.end, own.end)
  expect(difference, name).toBeLessThan(1e-3)
  expect(furthest(cpu.start, cpu.end).difference).toBeGreaterThan(0.05)
  expect(cpu.losses.at(-1)).toBeLessThan(0.7 * cpu.losses[0]!)
}

const title = 'ten steps of ResNet-18 have the losses and parameters of the CPU on'

it(`${title} wasm in Node, at 64 × 64`, async () => {
  await expectParity('wasm')
})

// Eight minutes on SwiftShader, the software driver.
const isSlow = process.env.SLOW_TESTS ? '' : ' (takes minutes: set SLOW_TESTS=1)'

it.skipIf(whyNoWebgpu !== undefined || isSlow !== '')(
  onWebgpu(`${title} webgpu in Node, at 64 × 64${isSlow}`),
  async () => {
    await expectParity('webgpu')
  },
  1_200_000,
)
