import { RuntimeError } from '../core/errors.ts'
import { processorCount, startEngineWorker } from '#platform'
import { Graph } from '../graph/graph.ts'
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

/**
 * Starts an engine on `device`. Throws {@link RuntimeError} with the remedy if its package is missing or the device
 * can't be used.
 */
export async function startEngine(
  device: Device,
  // ONNX Runtime's own default was one thread on a machine of two cores.
  { threads = processorCount(), engine = 'worker' }: StartOptions = {},
): Promise<Engine> {
  const options = { device, threads }
  const started =
    engine === 'inline'
      ? await EngineHost.start(options)
      : await RemoteEngine.start(startEngineWorker(), options)
  try {
    // ONNX Runtime looks for a provider when it makes a session: without this, that would be at the first batch.
    if (device !== 'cpu') await loadProgram(started, device, 'probe', await probe())
    return started
  } catch (error) {
    await started.close()
    throw error
  }
}

async function probe(): Promise<Program> {
  const { serialize } = await import('../graph/serialize.ts')
  const graph = new Graph()
  const type = { dtype: 'float32', shape: [1] } as const
  const output = graph.output(graph.add('Identity', [graph.input('x', 'float32', [1])], {}, [type]).output())
  return { model: serialize(graph), stateInputs: {}, updates: {}, fetches: [output.name] }
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
    if (device === 'cpu' || !(cause instanceof RuntimeError)) throw cause
    const { remedy } = providers[device]
    throw new RuntimeError(`device: '${device}' can't be used: ${cause.message}. Remedy: ${remedy}`, {
      cause,
    })
  }
}
