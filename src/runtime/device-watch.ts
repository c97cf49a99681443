import { DeviceLostError } from '../core/errors.ts'
import type { GpuDevice } from './gpu-device.ts'

/** How long after a run's failure the browser may still tell that the device is lost, in ms. */
const lossMoment = 100

/** Ends what runs on a device when that is lost: a run on a lost device may never end by itself. */
export class DeviceWatch {
  readonly #pending = new Set<(error: Error) => void>()
  #device: GpuDevice | undefined
  #lost: DeviceLostError | undefined

  /** Node tells of no device: there, runs fail. */
  get device(): GpuDevice | undefined {
    return this.#device
  }

  get isLost(): boolean {
    return this.#lost !== undefined
  }

  /** Watches the device from now on. */
  watch(device: GpuDevice): void {
    this.#device = device
    void device.lost.then(({ reason, message }) => {
      this.#lose([reason, message].filter(Boolean).join(': '))
    })
  }

  /** Loses the device, as a driver's crash would. */
  loseDevice(): void {
    if (this.#device) this.#device.destroy()
    else this.#lose('destroyed, by a test')
  }

  /** Throws {@link DeviceLostError} as soon as the device is lost, and what `work` throws. */
  async guard<T>(work: () => Promise<T>): Promise<T> {
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

  #lose(reason: string): void {
    this.#lost ??= new DeviceLostError(reason)
    for (const reject of this.#pending) reject(this.#lost)
    this.#pending.clear()
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
}

/** What Dawn, which is WebGPU in Node, and ONNX Runtime say. */
function isLoss(error: unknown): error is Error {
  return (
    error instanceof Error && /device (is|was|has been) lost|device ?lost|lost device/i.test(error.message)
  )
}
