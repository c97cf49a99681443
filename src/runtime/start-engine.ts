import { RuntimeError } from '../core/errors.ts'
import { processorCount, startEngineWorker } from '#platform'
import { EngineHost } from './engine-host.ts'
import { RemoteEngine } from './engine-rpc.ts'
import type { Engine, Program } from './engine.ts'
import { providers, type Device } from './providers.ts'

/** Options of {@link startEngine}. */
export interface StartOptions {
  /** Threads inside of an operator. Default: one a core. */
  readonly threads?: number | undefined
  /** Default: `'worker'`; `'inline'` blocks the caller's thread and is for debugging. */
  readonly engine?: 'worker' | 'inline' | undefined
}

/** Starts an engine on `device`. Throws `RuntimeError` with the remedy if its package is missing. */
export async function startEngine(
  device: Device,
  // ONNX Runtime's own default was one thread on a machine of two cores.
  { threads = processorCount(), engine = 'worker' }: StartOptions = {},
): Promise<Engine> {
  const { runtime, executionProviders } = providers[device]
  const options = { runtime, executionProviders, threads }
  return engine === 'inline' ? EngineHost.start(options) : RemoteEngine.start(startEngineWorker(), options)
}

/** Loads a program, and says what to do where the device's provider is missing. */
export async function loadProgram(
  engine: Engine,
  device: Device,
  name: string,
  program: Program,
): Promise<void> {
  try {
    await engine.load(name, program)
  } catch (cause) {
    if (device === 'cpu' || !(cause instanceof Error)) throw cause
    throw new RuntimeError(`device ${device} failed: ${cause.message}. Remedy: ${providers[device].remedy}`, {
      cause,
    })
  }
}
