import { RuntimeError } from '../core/errors.ts'
import { processorCount, startEngineWorker } from '#platform'
import { RemoteEngine } from './engine-rpc.ts'
import type { Engine, EngineOptions, Program } from './engine.ts'
import { identityModel } from './identity-model.ts'
import { checkDeviceId, providers, type Device } from './providers.ts'

/** Options of {@link startEngine}. */
export interface StartOptions {
  /** Threads inside of an operator. Default: one a core. */
  readonly threads?: number | undefined
  /** Which of several graphics processors computes, as `nvidia-smi` counts them: for `'cuda'` alone. Default: 0. */
  readonly deviceId?: number | undefined
  /** Default: `'worker'`; `'inline'` blocks the caller's thread and is for debugging. */
  readonly engine?: 'worker' | 'inline' | undefined
  /**
   * On WebGPU in a page: whether the device's commands of a training step may be recorded, and replayed in later steps of
   * the same batch size: a fraction of the work for the page's processor. The recording has buffers of its own for the
   * activations; `false` saves that memory. Default: true.
   */
  readonly graphCapture?: boolean | undefined
}

/**
 * Starts an engine on `device`. Throws {@link RuntimeError} with the remedy if its package is missing or the device
 * can't be used, and {@link ArgumentError} for a `deviceId` that it can't have.
 */
export async function startEngine(
  device: Device,
  // ONNX Runtime's own default was one thread on a machine of two cores.
  { threads = processorCount(), deviceId, engine = 'worker', graphCapture }: StartOptions = {},
): Promise<Engine> {
  checkDeviceId(device, deviceId)
  const options = { device, threads, deviceId, graphCapture }
  const started = await orRemedy<Engine>(device, () =>
    engine === 'inline' ? startInline(options) : RemoteEngine.start(startEngineWorker(), options),
  )
  try {
    // ONNX Runtime looks for a provider when it makes a session: without this, that would be at the first batch.
    if (device !== 'cpu') await loadProgram(started, device, 'probe', probe())
    return started
  } catch (error) {
    await started.close()
    throw error
  }
}

/** Loaded with the first: callers whose engine is in a worker need none of it. */
async function startInline(options: EngineOptions): Promise<Engine> {
  const { EngineHost } = await import('./engine-host.ts')
  return EngineHost.start(options)
}

const probe = (): Program => ({
  model: identityModel('float32'),
  stateInputs: {},
  updates: {},
  fetches: ['y'],
})

/** Loads a program, and says what to do where the device's provider is missing. */
export function loadProgram(engine: Engine, device: Device, name: string, program: Program): Promise<void> {
  return orRemedy(device, () => engine.load(name, program))
}

async function orRemedy<T>(device: Device, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    // More special errors say what to do themselves.
    const isPlain = cause instanceof RuntimeError && cause.name === RuntimeError.name
    if (device === 'cpu' || !isPlain) throw cause
    const { remedy } = providers[device]
    throw new RuntimeError(`device: '${device}' can't be used: ${cause.message}. Remedy: ${remedy}`, {
      cause,
    })
  }
}
