import { existsSync } from 'node:fs'

import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'

import type { Program, WireTensor } from '../../src/runtime/engine.ts'
import { startEngine } from '../../src/runtime/start-engine.ts'

/**
 * WebGPU in Node for tests. On machines without a graphics driver the software one that comes with Debian's Chromium does;
 * where there is none either, tests are skipped, and say why.
 */
const software = '/usr/lib/chromium/vk_swiftshader_icd.json'
if (process.env.VK_ICD_FILENAMES === undefined && existsSync(software)) {
  // Read by the Vulkan loader, when ONNX Runtime makes its first session.
  process.env.VK_ICD_FILENAMES = software
}

/** Why there is no WebGPU here; `undefined` where there is. */
export const whyNoWebgpu: string | undefined = await startEngine('webgpu', { engine: 'inline' }).then(
  async (engine) => {
    await engine.close()
    return undefined
  },
  (error: unknown) => String(error),
)

/** A name for tests, which says why they are skipped. */
export const onWebgpu = (name: string): string =>
  whyNoWebgpu === undefined ? name : `${name} (skipped: no WebGPU adapter, see ${software})`

/** The provider as the library asks for it. */
export const webgpu = { name: 'webgpu', preferredLayout: 'NCHW' } as const

const runtime = await import('onnxruntime-node')

/** Options of {@link openStrict}. */
export interface StrictOptions extends InferenceSession.SessionOptions {
  readonly provider?: InferenceSession.ExecutionProviderConfig
}

/** A session that is refused if any operator isn't on the device. */
export function openStrict(
  model: Uint8Array,
  { provider = webgpu, ...options }: StrictOptions = {},
): Promise<InferenceSession> {
  return runtime.InferenceSession.create(model, {
    executionProviders: [provider],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    extra: { session: { disable_cpu_ep_fallback: '1' } },
    ...options,
  })
}

/** Makes the session of a program, with no operator beside the device, and releases it. Throws where one is. */
export async function placeOnDevice({ model, weights = {} }: Program): Promise<void> {
  const externalData = Object.entries(weights).map(([path, { data }]) => ({ path, data: bytesOf({ data }) }))
  const session = await openStrict(model, { externalData })
  await session.release()
}

/** Tensors of the package. */
export const ortTensor = ({ dtype, data, shape }: WireTensor): OrtTensor =>
  new runtime.Tensor(dtype, data as never, shape)

function bytesOf({ data }: Pick<WireTensor, 'data'>): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
