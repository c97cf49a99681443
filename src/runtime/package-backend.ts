import type { env, InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'

import type { DType } from '../core/dtype.ts'
import { float32ToFloat16 } from '../core/float16.ts'
import type { Backend, BackendSession, HeldTensor } from './backend.ts'
import type { EngineOptions, WireTensor } from './engine.ts'
import { executionProvidersOf } from './providers.ts'

/** The part of an ONNX Runtime package that is used here. */
export interface Runtime {
  readonly env: typeof env
  readonly InferenceSession: typeof InferenceSession
  readonly Tensor: typeof OrtTensor
}

/** A tensor of a package. */
export interface PackageTensor extends HeldTensor {
  readonly tensor: OrtTensor
}

/** ONNX Runtime through the JavaScript interface that onnxruntime-node and onnxruntime-web share. */
export class PackageBackend implements Backend<PackageTensor> {
  // onnxruntime-node takes outputs to write to, and copies the results there: no gain.
  readonly writesInto = false

  constructor(
    private readonly runtime: Runtime,
    private readonly options: EngineOptions,
  ) {}

  take(tensor: WireTensor): PackageTensor {
    return taken(this.runtime, tensor)
  }

  keep(tensor: WireTensor): Promise<PackageTensor> {
    return Promise.resolve(this.take(tensor))
  }

  read({ dtype, shape, tensor }: PackageTensor): Promise<WireTensor> {
    return Promise.resolve({ dtype, shape, data: tensor.data as WireTensor['data'] })
  }

  async createSession(
    model: Uint8Array,
    weights: Readonly<Record<string, WireTensor>>,
  ): Promise<BackendSession<PackageTensor>> {
    const session = await openSession(this.runtime, this.options, { model, weights })
    return {
      run: (inputs, outputs) => runSession(session, inputs, outputs),
      release: () => session.release(),
    }
  }
}

/** A tensor on the caller's memory. */
export function taken({ Tensor }: Runtime, { dtype, data, shape }: WireTensor): PackageTensor {
  return held(new Tensor(dtype, data as never, shape))
}

/** A tensor of float32 numbers, rounded to float16. */
export function takenAsHalf({ Tensor }: Runtime, { data, shape }: WireTensor): PackageTensor {
  return held(new Tensor('float16', float32ToFloat16(data as Float32Array), shape))
}

/** What {@link openSession} makes a session of. */
export interface SessionParts {
  readonly model: Uint8Array
  readonly weights?: Readonly<Record<string, WireTensor>>
  /** Outputs that stay on the device; the others come to JavaScript's memory. */
  readonly onDevice?: readonly string[]
  /** Records the device's commands, and leaves all outputs there. */
  readonly isCaptured?: boolean
}

/** Makes a session with the options that all of them have. */
export function openSession(
  runtime: Runtime,
  { device, deviceId, threads }: EngineOptions,
  { model, weights = {}, onDevice = [], isCaptured = false }: SessionParts,
): Promise<InferenceSession> {
  return runtime.InferenceSession.create(model, {
    executionProviders: executionProvidersOf(device, deviceId),
    graphOptimizationLevel: 'all',
    // Planning memory as one block took a fifth more of it (ResNet-18, batch 4), and was no faster.
    enableMemPattern: false,
    externalData: Object.entries(weights).map(([path, tensor]) => ({ path, data: bytesOf(tensor) })),
    // Idle threads of one session must not spin while another works.
    extra: { session: { force_spinning_stop: '1' } },
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(isCaptured && { enableGraphCapture: true }),
    ...(onDevice.length > 0 && {
      preferredOutputLocation: Object.fromEntries(onDevice.map((name) => [name, 'gpu-buffer' as const])),
    }),
  })
}

/** Runs a session: see {@link BackendSession.run}. */
export async function runSession(
  session: InferenceSession,
  inputs: Readonly<Record<string, PackageTensor>>,
  outputs: ReadonlyMap<string, unknown>,
): Promise<ReadonlyMap<string, PackageTensor>> {
  const feeds = Object.entries(inputs).map(([name, { tensor }]) => [name, tensor] as const)
  const results = await session.run(Object.fromEntries(feeds), [...outputs.keys()])
  return new Map(Object.entries(results).map(([name, tensor]) => [name, held(tensor)]))
}

function held(tensor: OrtTensor): PackageTensor {
  const dtype = tensor.type === 'float16' ? 'float32' : (tensor.type as DType)
  return { dtype, shape: [...tensor.dims], tensor }
}

/** The memory of a tensor. */
export function bytesOf({ data }: WireTensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
