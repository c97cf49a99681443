/** Ten steps of fine-tuning ResNet-18 in Node, on the devices besides the CPU: as parity.test.ts does in browsers. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, expect, it } from 'vitest'

import * as library from '../../src/index.ts'
import { onWebgpu, whyNoWebgpu } from '../runtime/webgpu.ts'
import { isSlow, slowTitle } from '../support/slow.ts'
import { furthest, network, tenSteps } from './parity/steps.js'

// Here, and not with the unit tests, for the time that it takes: test/runtime has the small network.
const weights = fileURLToPath(new URL('../../../shared/weights/resnet18-imagenet.pth', import.meta.url))
const hasWeights = existsSync(weights)
const missing = hasWeights ? '' : ' (needs ../shared/weights)'
const title = (device: string) =>
  slowTitle(`ten steps of ResNet-18 have the losses and parameters of the CPU on ${device} in Node${missing}`)

const options = { size: 64, lr: 0.0003 }
let folder = ''
let expected: readonly number[]

beforeAll(async () => {
  if (!hasWeights || !isSlow) return
  folder = await mkdtemp(join(tmpdir(), 'node-parity-'))
  const model = await network(library, 'resnet18')
  const trained = await library.readStateDict(weights)
  model.loadStateDict(new Map([...trained].filter(([key]) => !key.startsWith('fc.'))), { strict: false })
  await library.saveWeights(join(folder, 'start.safetensors'), model)
  expected = await run(model, 'cpu')
  await library.saveWeights(join(folder, 'end.safetensors'), model)
})

afterAll(() => (folder === '' ? undefined : rm(folder, { recursive: true, force: true })))

function run(model: library.nn.Module, device: string): Promise<number[]> {
  return tenSteps(library, model, { ...options, device, start: join(folder, 'start.safetensors') })
}

async function expectParity(device: string): Promise<void> {
  const model = await library.models.resnet18({ numClasses: 3 })
  const losses = await run(model, device)
  expect(losses).toHaveLength(10)
  losses.forEach((loss, step) => {
    expect(Math.abs(loss / expected[step]! - 1), `loss of step ${step}`).toBeLessThan(1e-3)
  })
  const { key, difference } = await furthest(library, model, join(folder, 'end.safetensors'))
  expect(difference, key).toBeLessThan(1e-3)
}

it.skipIf(!hasWeights || !isSlow)(title('wasm'), async () => {
  await expectParity('wasm')
})

it.skipIf(!hasWeights || whyNoWebgpu !== undefined || !isSlow)(
  onWebgpu(title('webgpu')),
  { timeout: 1_200_000 },
  async () => {
    await expectParity('webgpu')
  },
)
