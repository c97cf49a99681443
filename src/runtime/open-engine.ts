import { devices, webgpuAdapter } from '#platform'

import type { Engine } from './engine.ts'
import { checkDevice, checkDeviceId, type Device } from './providers.ts'
import { startEngine, type StartOptions } from './start-engine.ts'

/** An engine, and the device that it's on. */
export interface OpenEngine {
  readonly engine: Engine
  readonly device: Device
  /** Why that device: a sentence. */
  readonly reason: string
}

/**
 * Starts an engine on the device that is asked for, or for `'auto'` on the fastest that works: in Node the CPU; in a page
 * WebGPU, if a training step on it gives the right numbers, else WebAssembly.
 *
 * @throws {@link ArgumentError} for a device that isn't known here, or a `deviceId` that it can't have.
 * @throws {@link RuntimeError} with the remedy where the device or ONNX Runtime is missing.
 */
export async function openEngine(device: string, options: StartOptions = {}): Promise<OpenEngine> {
  if (device !== 'auto') {
    const known = checkDevice(device)
    return { engine: await startEngine(known, options), device: known, reason: 'as chosen' }
  }
  checkDeviceId(device, options.deviceId)
  if (devices.includes('cpu')) {
    const reason = 'auto: the CPU, the one device in Node whose speed was measured'
    return { engine: await startEngine('cpu', options), device: 'cpu', reason }
  }
  const found = await tryWebgpu(options)
  if (typeof found !== 'string') return found
  return {
    engine: await startEngine('wasm', options),
    device: 'wasm',
    reason: `auto: WebAssembly, since ${found}`,
  }
}

/** An engine on WebGPU, or why not. */
async function tryWebgpu(options: StartOptions): Promise<OpenEngine | string> {
  const adapter = await webgpuAdapter()
  if (!adapter) return 'this browser has no WebGPU, or no graphics driver for it'
  const { isSoftware } = adapter
  const description = adapter.description || 'of an unknown make'
  if (isSoftware)
    return `this browser's WebGPU adapter (${description}) computes on the processor, more slowly`
  let engine: Engine | undefined
  try {
    engine = await startEngine('webgpu', options)
    const { probeStep } = await import('./probe-step.ts')
    const wrong = await probeStep(engine, 'webgpu')
    const reason = `auto: WebGPU (${description}), whose numbers are right`
    if (wrong === undefined) return { engine, device: 'webgpu', reason }
    await engine.close()
    return `WebGPU (${description}) computes wrongly: ${wrong}`
  } catch (error) {
    await engine?.close().catch(() => undefined)
    return `WebGPU (${description}) doesn't work: ${error instanceof Error ? error.message : String(error)}`
  }
}
