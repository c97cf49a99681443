import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'

import { RuntimeError } from '../core/errors.ts'
import { loadRuntime, type Runtime } from '#platform'
import type { Engine, EngineOptions, Program, WireTensor, WireTensors } from './engine.ts'

/** The engine on this thread: `session.run` of onnxruntime-node blocks it for the whole step. */
export class EngineHost implements Engine {
  readonly #sessions = new Map<
    string,
    { session: InferenceSession; program: Omit<Program, 'model' | 'weights'> }
  >()
  readonly #resident = new Map<string, OrtTensor>()
  readonly #snapshots = new Map<string, ReadonlyMap<string, OrtTensor>>()

  private constructor(
    private readonly runtime: Runtime,
    private readonly options: EngineOptions,
  ) {}

  static async start(options: EngineOptions): Promise<EngineHost> {
    return new EngineHost(await loadRuntime(options.runtime), options)
  }

  async load(name: string, { model, weights = {}, ...program }: Program): Promise<void> {
    await this.#sessions.get(name)?.session.release()
    this.#sessions.delete(name)
    const { executionProviders, threads } = this.options
    const creation = this.runtime.InferenceSession.create(model, {
      executionProviders: executionProviders as InferenceSession.ExecutionProviderConfig[],
      graphOptimizationLevel: 'all',
      // Planning memory as one block took a fifth more of it (ResNet-18, batch 4), and was no faster.
      enableMemPattern: false,
      externalData: Object.entries(weights).map(([path, tensor]) => ({ path, data: bytesOf(tensor) })),
      // Idle threads of one session must not spin while another works.
      extra: { session: { force_spinning_stop: '1' } },
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    })
    this.#sessions.set(name, { session: await typed(creation, `load the program ${name}`), program })
  }

  async run(name: string, feeds: WireTensors): Promise<WireTensors> {
    const loaded = this.#sessions.get(name)
    if (!loaded) throw new RuntimeError(`the engine has no program ${name}: load it first`)
    const { session, program } = loaded
    const inputs: Record<string, OrtTensor> = {}
    for (const [input, tensor] of Object.entries(feeds)) inputs[input] = this.#wrap(tensor)
    for (const [input, state] of Object.entries(program.stateInputs)) inputs[input] = this.#get(state)
    const running = session.run(inputs, [...program.fetches, ...Object.keys(program.updates)])
    const results = await typed(running, `run the program ${name}`)
    for (const [output, state] of Object.entries(program.updates)) this.#resident.set(state, results[output]!)
    return Object.fromEntries(program.fetches.map((output) => [output, unwrap(results[output]!)]))
  }

  push(tensors: WireTensors, transfer = false): Promise<void> {
    for (const [name, { dtype, data, shape }] of Object.entries(tensors)) {
      this.#resident.set(name, this.#wrap({ dtype, data: transfer ? data : data.slice(), shape }))
    }
    return Promise.resolve()
  }

  async pull(names: readonly string[]): Promise<WireTensors> {
    return Promise.resolve(
      Object.fromEntries(
        names.map((name) => {
          const tensor = unwrap(this.#get(name))
          return [name, { ...tensor, data: tensor.data.slice() }]
        }),
      ),
    )
  }

  // A run never writes into a tensor that it was fed, so keeping the references is a snapshot.
  snapshot(key: string, names: readonly string[]): Promise<void> {
    this.#snapshots.set(key, new Map(names.map((name) => [name, this.#get(name)])))
    return Promise.resolve()
  }

  restore(key: string): Promise<void> {
    const saved = this.#snapshots.get(key)
    if (!saved)
      return Promise.reject(new RuntimeError(`there is no snapshot ${key} to restore: take one first`))
    for (const [name, tensor] of saved) this.#resident.set(name, tensor)
    return Promise.resolve()
  }

  async close(): Promise<void> {
    const sessions = [...this.#sessions.values()]
    this.#sessions.clear()
    this.#resident.clear()
    this.#snapshots.clear()
    for (const { session } of sessions) await session.release()
  }

  #get(name: string): OrtTensor {
    const tensor = this.#resident.get(name)
    if (!tensor) throw new RuntimeError(`the engine has no tensor ${name}: push it first`)
    return tensor
  }

  #wrap({ dtype, data, shape }: WireTensor): OrtTensor {
    return new this.runtime.Tensor(dtype, data as never, shape)
  }
}

/** ONNX Runtime throws plain errors. */
async function typed<T>(work: Promise<T>, what: string): Promise<T> {
  try {
    return await work
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new RuntimeError(`ONNX Runtime can't ${what}: ${reason}`, { cause })
  }
}

function bytesOf({ data }: WireTensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

function unwrap({ type, data, dims }: OrtTensor): WireTensor {
  return { dtype: type as WireTensor['dtype'], data: data as WireTensor['data'], shape: [...dims] }
}
