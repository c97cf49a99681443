import { beforeEach, describe, expect, it, vi } from 'vitest'

import { ArgumentError } from '../../src/core/errors.ts'
import { openEngine } from '../../src/runtime/open-engine.ts'
import { onWebgpu, whyNoWebgpu } from './webgpu.ts'

/** What a page tells of itself; ONNX Runtime is Node's. */
const page = vi.hoisted(() => ({
  adapter: undefined as { readonly description: string; readonly isSoftware: boolean } | undefined,
}))
vi.mock('#platform', async (original) => ({
  ...(await original<object>()),
  devices: ['webgpu', 'wasm'],
  webgpuAdapter: () => Promise.resolve(page.adapter),
}))

beforeEach(() => {
  page.adapter = undefined
})

async function chosen() {
  const { engine, device, reason } = await openEngine('auto', { engine: 'inline' })
  await engine.close()
  return { device, reason }
}

describe('in a page, auto is', () => {
  it('wasm where there is no adapter', async () => {
    expect(await chosen()).toEqual({
      device: 'wasm',
      reason: 'auto: WebAssembly, since this browser has no WebGPU, or no graphics driver for it',
    })
  })

  it('wasm where the adapter is a program', async () => {
    page.adapter = { description: 'google swiftshader', isSoftware: true }
    const { device, reason } = await chosen()
    expect(device).toBe('wasm')
    expect(reason).toBe(
      "auto: WebAssembly, since this browser's WebGPU adapter (google swiftshader) computes on the processor, more slowly",
    )
  })

  it.skipIf(whyNoWebgpu !== undefined)(onWebgpu('webgpu where a probe is right'), async () => {
    page.adapter = { description: 'acme', isSoftware: false }
    expect(await chosen()).toEqual({
      device: 'webgpu',
      reason: 'auto: WebGPU (acme), whose numbers are right',
    })
  })
})

it('refuses the devices of Node there, and says what to use', async () => {
  await expect(openEngine('cpu')).rejects.toThrow(ArgumentError)
  await expect(openEngine('cuda')).rejects.toThrow(
    /device cuda is not for pages.*use auto, webgpu, wasm; wasm computes on the processor/,
  )
})
