import type { InferenceSession } from 'onnxruntime-node'

import type { StoredDType } from '../core/dtype.ts'
import { RuntimeError } from '../core/errors.ts'
import type { Backend, BackendSession } from './backend.ts'
import type { CaptureTools, StatePairs } from './captured-session.ts'
import { CapturingSession } from './capturing-session.ts'
import { DeviceWatch } from './device-watch.ts'
import type { EngineOptions, WireTensor } from './engine.ts'
import type { GpuDevice } from './gpu-device.ts'
import { identityModel } from './identity-model.ts'
import {
  openSession,
  runSession,
  taken,
  takenAsHalf,
  type PackageTensor,
  type Runtime,
  type SessionParts,
} from './package-backend.ts'

/** Element types that WebGPU has; others stay in JavaScript's memory. */
const onDevice: ReadonlySet<string> = new Set(['float32', 'float16', 'int32'])

/**
 * ONNX Runtime on WebGPU: state stays in the device's buffers. It gets there and back through sessions that copy, in Node,
 * where reading a buffer by `getData()` aborts the process, as in browsers.
 */
export class WebgpuBackend implements Backend<PackageTensor> {
  readonly writesInto = false
  /** Also, buffers are lost with the last session: these stay to the end. */
  readonly #copiers = new Map<string, InferenceSession>()
  /** State in the buffers of captured sessions, and whether the engine refers to it too. */
  readonly #pinned = new Map<PackageTensor, boolean>()
  readonly #watch = new DeviceWatch()
  readonly #warnings: string[] = []

  private constructor(
    private readonly runtime: Runtime,
    private readonly options: EngineOptions,
  ) {}

  /** Throws where there is no adapter. */
  static async open(runtime: Runtime, options: EngineOptions): Promise<WebgpuBackend> {
    const backend = new WebgpuBackend(runtime, options)
    await backend.#copier('float32', 'up')
    // Node's package has no `env.webgpu`.
    const { webgpu } = runtime.env as { readonly webgpu?: { readonly device?: unknown } }
    const device = (await webgpu?.device) as GpuDevice | undefined
    if (device) backend.#watch.watch(device)
    return backend
  }

  take(tensor: WireTensor): PackageTensor {
    return taken(this.runtime, tensor)
  }

  async keep(tensor: WireTensor): Promise<PackageTensor> {
    const given = tensor.storage ? takenAsHalf(this.runtime, tensor) : this.take(tensor)
    return onDevice.has(given.tensor.type) ? this.#copy(given, 'up') : given
  }

  async preserve(tensor: PackageTensor): Promise<PackageTensor> {
    return this.#pinned.has(tensor) ? this.#copy(tensor, 'up') : tensor
  }

  async read(given: PackageTensor): Promise<WireTensor> {
    const { tensor, dtype, shape } = given.tensor.location === 'cpu' ? given : await this.#copy(given, 'down')
    return { dtype, shape, data: tensor.data as WireTensor['data'] }
  }

  dispose(tensor: PackageTensor): void {
    if (this.#pinned.has(tensor)) this.#pinned.set(tensor, false)
    else this.#destroy(tensor)
  }

  async createSession(
    model: Uint8Array,
    weights: Readonly<Record<string, WireTensor>>,
    states: ReadonlyMap<string, string | undefined>,
  ): Promise<BackendSession<PackageTensor>> {
    const session = await this.#open({ model, weights, onDevice: [...states.keys()] })
    const plain: BackendSession<PackageTensor> = {
      run: (inputs, outputs) => this.#watch.guard(() => runSession(session, inputs, outputs)),
      release: () => this.#release(session),
    }
    const pairs = [...states].filter((pair): pair is [string, string] => pair[1] !== undefined)
    const isCaptured = this.options.graphCapture !== false && pairs.length > 0 && pairs.length === states.size
    const { device } = this.#watch
    // Node's package doesn't record.
    if (!isCaptured || !device) return plain
    return this.#capturing(plain, new Map(pairs), device, this.#recorder({ model, weights }))
  }

  async close(): Promise<void> {
    for (const session of this.#copiers.values()) await this.#release(session)
    this.#copiers.clear()
  }

  warnings(): readonly string[] {
    return this.#warnings.splice(0)
  }

  /** Loses the device, as a driver's crash would. */
  loseDevice(): void {
    this.#watch.loseDevice()
  }

  #capturing(
    plain: BackendSession<PackageTensor>,
    pairs: StatePairs,
    device: GpuDevice,
    open: () => Promise<InferenceSession>,
  ): BackendSession<PackageTensor> {
    const tools: CaptureTools = {
      device,
      take: (tensor) => this.take(tensor),
      copy: (tensor) => this.#toDevice(tensor),
      read: (tensor) => this.read(tensor),
      release: (session) => this.#release(session),
      pin: (tensor) => this.#pinned.set(tensor, true),
      warn: (message) => this.#warnings.push(message),
      free: (tensor) => {
        this.#free(tensor)
      },
    }
    const session = new CapturingSession(plain, pairs, tools, open)
    return {
      run: (inputs, outputs) => this.#watch.guard(() => session.run(inputs, outputs)),
      release: () => session.release(),
    }
  }

  /** In a function of its own, since closures of one share what they refer to, and with it its life: here the weights. */
  #recorder(parts: SessionParts): () => Promise<InferenceSession> {
    return () => this.#open({ ...parts, isCaptured: true })
  }

  #free(tensor: PackageTensor): void {
    const isHeld = this.#pinned.get(tensor) ?? false
    this.#pinned.delete(tensor)
    if (!isHeld) this.#destroy(tensor)
  }

  #destroy({ tensor }: PackageTensor): void {
    // The buffers of a device that is lost are gone.
    if (!this.#watch.isLost && tensor.location !== 'cpu') tensor.dispose()
  }

  #open(parts: SessionParts): Promise<InferenceSession> {
    return this.#watch.guard(() => openSession(this.runtime, this.options, parts))
  }

  async #release(session: InferenceSession): Promise<void> {
    try {
      await session.release()
    } catch (error) {
      if (!this.#watch.isLost) throw error
    }
  }

  async #copy(tensor: PackageTensor, way: 'up' | 'down'): Promise<PackageTensor> {
    const session = await this.#copier(tensor.tensor.type as StoredDType, way)
    const run = () => runSession(session, { x: tensor }, new Map([['y', undefined]]))
    return (await this.#watch.guard(run)).get('y')!
  }

  async #toDevice(tensor: PackageTensor): Promise<PackageTensor> {
    if (onDevice.has(tensor.tensor.type)) return this.#copy(tensor, 'up')
    throw new RuntimeError(`WebGPU has no buffers of ${tensor.dtype}: give float32 or int32`)
  }

  async #copier(dtype: StoredDType, way: 'up' | 'down'): Promise<InferenceSession> {
    const key = `${way} ${dtype}`
    const session =
      this.#copiers.get(key) ??
      (await this.#open({ model: identityModel(dtype), onDevice: way === 'up' ? ['y'] : [] }))
    this.#copiers.set(key, session)
    return session
  }
}
