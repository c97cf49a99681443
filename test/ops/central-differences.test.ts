import { describe, expect, it } from 'vitest'

import { Tensor } from '../../src/core/tensor.ts'
import { builtInOps, registerOp } from '../../src/ops/definitions.ts'
import { mul } from '../../src/ops/elementwise.ts'
import { gradientErrors, type Setting } from './central-differences.ts'
import { lowerings, testDevice } from '../support/device.ts'
import { buildCase, differenceCases, type DifferenceCase } from './difference-cases.ts'

async function expectSmallErrors(entry: DifferenceCase, setting: Setting): Promise<void> {
  for (const [index, error] of (await gradientErrors(entry, setting)).entries())
    expect(error, `relative error of gradient ${index}`).toBeLessThan(entry.tolerance ?? 1e-3)
}

describe('gradients agree with central differences', () => {
  for (const [name, entry] of differenceCases) {
    it(name, async () => {
      await expectSmallErrors(entry, { device: testDevice, symbolicBatch: false })
    })
  }
})

/** On the CPU, the formulations for WebGPU: the first suite has those for the CPU. */
const device = lowerings.at(-1)!

describe(`gradients agree with central differences under a symbolic batch, lowered for ${device}`, () => {
  for (const [name, entry] of differenceCases.filter(([, { batched }]) => batched?.length !== 0)) {
    it(name, async () => {
      await expectSmallErrors(entry, { device, symbolicBatch: true })
      await expectSmallErrors(entry, { device, symbolicBatch: true, batch: 1 })
    })
  }
})

it('covers every built-in operator that has a gradient rule', () => {
  const covered = new Set(
    differenceCases.flatMap(([, entry]) =>
      buildCase(entry, false).inputs[0]!.graph.nodes.map(({ opType }) => opType),
    ),
  )
  const rules = builtInOps.filter(({ gradient }) => gradient).map(({ type }) => type)
  expect(rules.filter((type) => !covered.has(type))).toEqual([])
})

it('would notice one element in twelve that is wrong by two per cent', async () => {
  const factors = Tensor.from([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1.02])
  registerOp({
    type: 'Softsign',
    // The true derivative is 1 / (1 + |x|)², which is 1 at 0.
    gradient: (_, [dy]) => [mul(dy!, dy!.graph.constant(factors))],
  })
  const wrong: DifferenceCase = {
    inputs: [Tensor.zeros([12])],
    build: (x) => x.graph.add('Softsign', [x], {}, [x]).output(),
  }
  const [error] = await gradientErrors(wrong, { device: testDevice, symbolicBatch: false })
  expect(error).toBeGreaterThan(1e-3)
})
