import type { InferenceSession } from 'onnxruntime-node'

import { devices } from '#platform'

import { ArgumentError } from '../core/errors.ts'

/** Where a session runs. */
export type Device = 'cpu' | 'cuda' | 'webgpu' | 'wasm'

/** How a device is reached, and what to do when it can't be. */
export interface Provider {
  /** In order of preference, as ONNX Runtime takes them. */
  readonly executionProviders: readonly InferenceSession.ExecutionProviderConfig[]
  readonly remedy: string
}

const inPage = !devices.includes('cpu')

/** How each device is reached through ONNX Runtime. */
export const providers: Readonly<Record<Device, Provider>> = {
  cpu: { executionProviders: ['cpu'], remedy: 'reinstall onnxruntime-node' },
  cuda: {
    executionProviders: ['cuda'],
    remedy:
      'it needs Linux x64, an NVIDIA driver, CUDA 12, cuDNN 9 and the CUDA libraries of ONNX Runtime, which ' +
      '`ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node` downloads, and a deviceId that `nvidia-smi` ' +
      "lists, if one is given; or use device: 'cpu'",
  },
  // The default NHWC layout gives wrong results for some grouped convolutions.
  webgpu: {
    executionProviders: [{ name: 'webgpu', preferredLayout: 'NCHW' }],
    remedy: inPage
      ? "it needs a browser with WebGPU and a graphics driver that it trusts; or use device: 'wasm'"
      : "it needs a graphics driver with Vulkan, Metal or Direct3D 12; or use device: 'cpu'",
  },
  wasm: {
    executionProviders: ['wasm'],
    remedy: inPage
      ? 'it needs a browser with WebAssembly SIMD, and room for the model'
      : "in Node, device: 'cpu' is faster",
  },
}

/** Execution providers as ONNX Runtime takes them, on the device of that number where one is given. */
export function executionProvidersOf(
  device: Device,
  deviceId?: number,
): InferenceSession.ExecutionProviderConfig[] {
  const { executionProviders } = providers[device]
  if (deviceId === undefined) return [...executionProviders]
  return executionProviders.map((provider) => ({
    ...(typeof provider === 'string' ? { name: provider } : provider),
    deviceId,
  }))
}

/** Throws {@link ArgumentError} for a number that no device of that kind can have. */
export function checkDeviceId(device: string, deviceId: number | undefined): void {
  if (deviceId === undefined) return
  if (device !== 'cuda')
    throw new ArgumentError(
      `deviceId is for device: 'cuda', which counts graphics processors, not for device: '${device}': leave it out`,
    )
  if (!Number.isInteger(deviceId) || deviceId < 0)
    throw new ArgumentError(
      `deviceId must be the number of a graphics processor, from 0 on, not ${deviceId}: nvidia-smi lists them`,
    )
}

/** Throws {@link ArgumentError} for a device that there isn't, or not here. */
export function checkDevice(device: string): Device {
  if (devices.some((known) => known === device)) return device as Device
  const known = `use auto, ${devices.join(', ')}`
  if (!Object.hasOwn(providers, device)) throw new ArgumentError(`device ${device} is unknown: ${known}`)
  throw new ArgumentError(
    `device ${device} is not for pages, which can't reach it: ${known}; wasm computes on the processor`,
  )
}
