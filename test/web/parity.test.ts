/** Ten steps of fine-tuning in browsers, against the CPU in Node. */
import { createReadStream, existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import * as library from '../../src/index.ts'
import type { Module } from '../../src/nn/module.ts'
import { isSlow } from '../support/slow.ts'
import * as parity from './parity/steps.js'
import { openChromium, type Browser } from './support/chromium.ts'
import { openFirefox } from './support/firefox.ts'
import { serveLibrary } from './support/library.ts'
import type { Server } from './support/server.ts'

/**
 * Steps this small, since each ReLU at its kink makes two runs' rounding errors grow: at 0.001 some pictures of ten steps have them grow
 * a thousandfold, on the same device with another number of threads too.
 */
const cases = { tiny: { size: 33, lr: 0.01 }, resnet18: { size: 64, lr: 0.0003 } } as const
type Name = keyof typeof cases

/** Of untrained weights, rounding errors grow too fast to compare anything. */
const weights = fileURLToPath(new URL('../../../shared/weights/resnet18-imagenet.pth', import.meta.url))
const hasWeights = existsSync(weights)

const expected = new Map<Name, readonly number[]>()
let folder: string
let server: Server
let browser: Browser

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parity-'))
  for (const [name, options] of Object.entries(cases) as [Name, (typeof cases)[Name]][]) {
    const model = await parity.network(library, name)
    if (name === 'resnet18') {
      if (!hasWeights) continue
      await loadTrained(model)
    }
    const start = join(folder, `${name}-start.safetensors`)
    await library.saveWeights(start, model)
    expected.set(name, await parity.tenSteps(library, model, { device: 'cpu', ...options, start }))
    await library.saveWeights(join(folder, `${name}-end.safetensors`), model)
  }
  const files = Object.keys(cases).flatMap((name) => [`${name}-start`, `${name}-end`])
  const routes = files.map((file) => {
    const path = join(folder, `${file}.safetensors`)
    return [
      `/${file}.safetensors`,
      (_: unknown, response: NodeJS.WritableStream) => createReadStream(path).pipe(response),
    ]
  })
  server = await serveLibrary({ routes: Object.fromEntries(routes) as never })
  browser = await openChromium()
})

/** All weights but those of the classes, which are others here. */
async function loadTrained(model: Module): Promise<void> {
  const trained = await library.readStateDict(weights)
  model.loadStateDict(new Map([...trained].filter(([key]) => !key.startsWith('fc.'))), { strict: false })
}

afterAll(async () => {
  await browser.close()
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

function whyNot(name: Name, device: string): string | undefined {
  if (name !== 'resnet18') return undefined
  if (!hasWeights) return 'needs ../shared/weights'
  // On SwiftShader, the software driver for WebGPU.
  return device === 'webgpu' && !isSlow ? 'takes minutes: set SLOW_TESTS=1' : undefined
}

/** What a page does: sent there as text. */
async function inPage([name, device, options]: readonly [string, string, (typeof cases)[Name]]) {
  const page = globalThis as unknown as { readonly library: typeof library; readonly parity: typeof parity }
  const { furthest, network, tenSteps } = page.parity
  const model = await network(page.library, name)
  const losses = await tenSteps(page.library, model, {
    device,
    ...options,
    start: `/${name}-start.safetensors`,
  })
  return { losses, worst: await furthest(page.library, model, `/${name}-end.safetensors`) }
}

type Found = Awaited<ReturnType<typeof inPage>>

function check(name: Name, { losses, worst }: Found): void {
  const reference = expected.get(name)!
  losses.forEach((loss, step) => {
    expect(Math.abs(loss / reference[step]! - 1), `loss of step ${step}`).toBeLessThan(1e-3)
  })
  expect(losses).toHaveLength(10)
  expect(worst.difference, worst.key).toBeLessThan(1e-3)
}

describe('ten steps of fine-tuning', () => {
  const tests = (Object.keys(cases) as Name[]).flatMap((name) =>
    (['wasm', 'webgpu'] as const).map((device) => ({ name, device })),
  )
  for (const { name, device } of tests) {
    const why = whyNot(name, device)
    const title = `of ${name} on ${device} in Chromium are those of the CPU`
    it.skipIf(why)(why ? `${title} (${why})` : title, { timeout: 1_200_000 }, async () => {
      const page = await browser.newPage()
      await page.goto(server.url)
      await page.waitForFunction(() => 'library' in globalThis)
      const found = await page.evaluate(inPage, [name, device, cases[name]] as const)
      await page.close()
      check(name, found)
    })
  }

  it('of the tiny network on wasm in Firefox are those of the CPU', async () => {
    const firefox = await openFirefox()
    try {
      const page = await firefox.newPage()
      await page.goto(server.url)
      await page.waitForFunction('"library" in globalThis')
      check('tiny', await page.evaluate(inPage, ['tiny', 'wasm', cases.tiny] as const))
    } finally {
      await firefox.close()
    }
  })
})
