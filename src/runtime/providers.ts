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
      "`ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node` downloads; or use device: 'cpu'",
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

/** Throws {@link ArgumentError} for a device that there isn't, or not here. */
export function checkDevice(device: string): Device {
  if (devices.some((known) => known === device)) return device as Device
  const known = `use auto, ${devices.join(', ')}`
  if (!Object.hasOwn(providers, device)) throw new ArgumentError(`device ${device} is unknown: ${known}`)
  throw new ArgumentError(
    `device ${device} is not for pages, which can't reach it: ${known}; wasm computes on the processor`,
  )
}
