import type { InferenceSession } from 'onnxruntime-node'

import { ArgumentError } from '../core/errors.ts'

/** Where a session runs. */
export type Device = 'cpu' | 'cuda' | 'webgpu' | 'wasm'

/** How a device is reached, and what to do when it can't be. */
export interface Provider {
  /** In order of preference, as ONNX Runtime takes them. */
  readonly executionProviders: readonly InferenceSession.ExecutionProviderConfig[]
  readonly remedy: string
}

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
    remedy: "it needs a graphics driver with Vulkan, Metal or Direct3D 12; or use device: 'cpu'",
  },
  wasm: {
    executionProviders: ['wasm'],
    remedy: "in Node, device: 'cpu' is faster",
  },
}

/** The device for the option `device`, and why. Throws {@link ArgumentError} for one that there isn't. */
export function chooseDevice(device: string): { device: Device; reason: string } {
  if (device === 'auto') {
    return { device: 'cpu', reason: 'auto: the CPU, the only device whose speed and results were measured' }
  }
  if (!Object.hasOwn(providers, device)) {
    throw new ArgumentError(`device ${device} is unknown: use auto, ${Object.keys(providers).join(', ')}`)
  }
  return { device: device as Device, reason: 'asked for' }
}
