import type { InferenceSession } from 'onnxruntime-node'

import type { StoredDType } from '../core/dtype.ts'
import { DeviceLostError } from '../core/errors.ts'
import type { Backend, BackendSession } from './backend.ts'
import type { EngineOptions, WireTensor } from './engine.ts'
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

/** How long after a run's failure the browser may still tell that the device is lost, in ms. */
const lossMoment = 100

/** The part of a `GPUDevice` that is used here: TypeScript's own DOM types lack it. */
interface GpuDevice {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>
  destroy(): void
}

/**
 * ONNX Runtime on WebGPU: state stays in the device's buffers. It gets there and back through sessions that copy, in Node,
 * where reading a buffer by `getData()` aborts the process, as in browsers.
 */
export class WebgpuBackend implements Backend<PackageTensor> {
  readonly writesInto = false
  /** Also, buffers are lost with the last session: these stay to the end. */
  readonly #copiers = new Map<string, InferenceSession>()
  readonly #pending = new Set<(error: Error) => void>()
  #device: GpuDevice | undefined
  #lost: DeviceLostError | undefined

  private constructor(
    private readonly runtime: Runtime,
    private readonly options: EngineOptions,
  ) {}

  /** Throws where there is no adapter. */
  static async open(runtime: Runtime, options: EngineOptions): Promise<WebgpuBackend> {
    const backend = new WebgpuBackend(runtime, options)
    await backend.#copier('float32', 'up')
    await backend.#watch()
    return backend
  }

  take(tensor: WireTensor): PackageTensor {
    return taken(this.runtime, tensor)
  }

  async keep(tensor: WireTensor): Promise<PackageTensor> {
    const given = tensor.storage ? takenAsHalf(this.runtime, tensor) : this.take(tensor)
    return onDevice.has(given.tensor.type) ? this.#copy(given, 'up') : given
  }

  async read(given: PackageTensor): Promise<WireTensor> {
    const { tensor, dtype, shape } = given.tensor.location === 'cpu' ? given : await this.#copy(given, 'down')
    return { dtype, shape, data: tensor.data as WireTensor['data'] }
  }

  dispose({ tensor }: PackageTensor): void {
    // The buffers of a device that is lost are gone.
    if (!this.#lost && tensor.location !== 'cpu') tensor.dispose()
  }

  async createSession(
    model: Uint8Array,
    weights: Readonly<Record<string, WireTensor>>,
    states: readonly string[],
  ): Promise<BackendSession<PackageTensor>> {
    const session = await this.#open({ model, weights, onDevice: states })
    return {
      run: (inputs, outputs) => this.#guard(() => runSession(session, inputs, outputs)),
      release: () => this.#release(session),
    }
  }

  async close(): Promise<void> {
    for (const session of this.#copiers.values()) await this.#release(session)
    this.#copiers.clear()
  }

  /** Loses the device, as a driver's crash would. */
  loseDevice(): void {
    if (this.#device) this.#device.destroy()
    else this.#lose('destroyed, by a test')
  }

  async #watch(): Promise<void> {
    // Node tells of no device, and has no `env.webgpu`: there, runs fail.
    const { webgpu } = this.runtime.env as { readonly webgpu?: { readonly device?: unknown } }
    const device = (await webgpu?.device) as GpuDevice | undefined
    this.#device = device
    void device?.lost.then(({ reason, message }) => {
      this.#lose([reason, message].filter(Boolean).join(': '))
    })
  }

  #lose(reason: string): void {
    this.#lost ??= new DeviceLostError(reason)
    for (const reject of this.#pending) reject(this.#lost)
    this.#pending.clear()
  }

  /** A run on a lost device may never end. */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    if (this.#lost) throw this.#lost
    let fail: (error: Error) => void = () => undefined
    const loss = new Promise<never>((_, reject) => (fail = reject))
    this.#pending.add(fail)
    try {
      return await Promise.race([work(), loss])
    } catch (error) {
      await this.#waitForLoss()
      throw this.#lossOr(error)
    } finally {
      this.#pending.delete(fail)
    }
  }

  /** A device that goes takes runs with it a moment before the browser tells of it. */
  async #waitForLoss(): Promise<void> {
    if (!this.#device || this.#lost) return
    const moment = new Promise((resolve) => setTimeout(resolve, lossMoment))
    await Promise.race([this.#device.lost, moment])
  }

  #lossOr(error: unknown): unknown {
    if (isLoss(error)) this.#lose(error.message)
    return this.#lost ?? error
  }

  #open(parts: SessionParts): Promise<InferenceSession> {
    return this.#guard(() => openSession(this.runtime, this.options, parts))
  }

  async #release(session: InferenceSession): Promise<void> {
    try {
      await session.release()
    } catch (error) {
      if (!this.#lost) throw error
    }
  }

  async #copy(tensor: PackageTensor, way: 'up' | 'down'): Promise<PackageTensor> {
    const session = await this.#copier(tensor.tensor.type as StoredDType, way)
    const results = await this.#guard(() => runSession(session, { x: tensor }, new Map([['y', undefined]])))
    return results.get('y')!
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

/** What Dawn, which is WebGPU in Node, and ONNX Runtime say. */
function isLoss(error: unknown): error is Error {
  return (
    error instanceof Error && /device (is|was|has been) lost|device ?lost|lost device/i.test(error.message)
  )
}
