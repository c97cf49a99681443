import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'

import { RuntimeError } from '../core/errors.ts'
import { loadRuntime, type Runtime } from '#platform'
import type { Engine, EngineOptions, Program, WireTensor, WireTensors } from './engine.ts'

/** A program and its session; one with resident weights has none until it runs, and the tensors that it was made with. */
interface Loaded {
  readonly program: Program
  session?: InferenceSession | undefined
  madeWith?: ReadonlyMap<string, OrtTensor>
}

/** The engine on this thread: `session.run` of onnxruntime-node blocks it for the whole step. */
export class EngineHost implements Engine {
  readonly #programs = new Map<string, Loaded>()
  readonly #resident = new Map<string, OrtTensor>()
  readonly #snapshots = new Map<string, ReadonlyMap<string, OrtTensor>>()

  private constructor(
    private readonly runtime: Runtime,
    private readonly options: EngineOptions,
  ) {}

  static async start(options: EngineOptions): Promise<EngineHost> {
    return new EngineHost(await loadRuntime(options.runtime), options)
  }

  async load(name: string, program: Program): Promise<void> {
    await this.#programs.get(name)?.session?.release()
    this.#programs.delete(name)
    const isMadeLater = program.residentWeights !== undefined
    const session = isMadeLater ? undefined : await this.#createSession(name, program)
    // A session has the model and its weights: to keep them here too would double them.
    const kept = isMadeLater ? program : { ...program, model: new Uint8Array(), weights: {} }
    this.#programs.set(name, { program: kept, session })
  }

  async run(name: string, feeds: WireTensors): Promise<WireTensors> {
    const loaded = this.#programs.get(name)
    if (!loaded) throw new RuntimeError(`the engine has no program ${name}: load it first`)
    const { program } = loaded
    const inputs: Record<string, OrtTensor> = {}
    for (const [input, tensor] of Object.entries(feeds)) inputs[input] = this.#wrap(tensor)
    for (const [input, state] of Object.entries(program.stateInputs)) inputs[input] = this.#get(state)
    const session = await this.#sessionOf(name, loaded)
    const running = session.run(inputs, [...program.fetches, ...Object.keys(program.updates)])
    const results = await typed(running, `run the program ${name}`)
    for (const [output, state] of Object.entries(program.updates)) this.#resident.set(state, results[output]!)
    for (const other of this.#programs.values()) await this.#releaseStale(other)
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
    const programs = [...this.#programs.values()]
    this.#programs.clear()
    this.#resident.clear()
    this.#snapshots.clear()
    for (const { session } of programs) await session?.release()
  }

  async #sessionOf(name: string, loaded: Loaded): Promise<InferenceSession> {
    await this.#releaseStale(loaded)
    if (loaded.session) return loaded.session
    const { program } = loaded
    const states = Object.entries(program.residentWeights ?? {})
    const weights = states.map(([path, state]) => [path, unwrap(this.#get(state))] as const)
    loaded.madeWith = new Map(states.map(([, state]) => [state, this.#get(state)]))
    loaded.session = await this.#createSession(name, {
      ...program,
      weights: { ...program.weights, ...Object.fromEntries(weights) },
    })
    return loaded.session
  }

  /** A run replaces the resident tensors that it changes: one that is the same has the same numbers. */
  async #releaseStale(loaded: Loaded): Promise<void> {
    const { session, madeWith = new Map<string, OrtTensor>() } = loaded
    if ([...madeWith].every(([state, tensor]) => this.#resident.get(state) === tensor)) return
    loaded.session = undefined
    delete loaded.madeWith
    await session?.release()
  }

  #createSession(name: string, { model, weights = {} }: Program): Promise<InferenceSession> {
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
    return typed(creation, `load the program ${name}`)
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
