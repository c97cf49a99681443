import { openNativeBackend, loadRuntime } from '#platform'

import { RuntimeError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import type { Backend, BackendSession, HeldTensor } from './backend.ts'
import type { Engine, EngineOptions, Program, WireTensors, ZeroTensor } from './engine.ts'
import { PackageBackend } from './package-backend.ts'

/** A program and its session; one with resident weights has none until it runs, and the tensors that it was made with. */
interface Loaded {
  readonly program: Program
  session?: BackendSession<HeldTensor> | undefined
  madeWith?: ReadonlyMap<string, HeldTensor>
}

/** The engine on this thread: a run on a CPU blocks it for the whole step. */
export class EngineHost implements Engine {
  readonly #programs = new Map<string, Loaded>()
  readonly #resident = new Map<string, HeldTensor>()
  readonly #snapshots = new Map<string, ReadonlyMap<string, HeldTensor>>()
  /** By the state's name, a tensor that the next run may write to: state alternates between two. */
  readonly #spare = new Map<string, HeldTensor>()

  private constructor(private readonly backend: Backend) {}

  static async start(options: EngineOptions): Promise<EngineHost> {
    const native = await openNativeBackend(options)
    return new EngineHost(native ?? new PackageBackend(await loadRuntime(options.device, options), options))
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
    const { stateInputs, fetches, updates, inPlace = [] } = loaded.program
    const inputs: Record<string, HeldTensor> = {}
    for (const [input, tensor] of Object.entries(feeds)) inputs[input] = this.backend.take(tensor)
    for (const [input, state] of Object.entries(stateInputs)) inputs[input] = this.#get(state)
    const outputs = new Map<string, HeldTensor | undefined>(fetches.map((output) => [output, undefined]))
    for (const [output, state] of Object.entries(updates)) {
      outputs.set(output, this.#target(state, inPlace.includes(state)))
    }
    const session = await this.#sessionOf(name, loaded)
    const results = await typed(() => session.run(inputs, outputs), `run the program ${name}`)
    for (const [output, state] of Object.entries(updates)) this.#replace(state, results.get(output)!)
    for (const other of this.#programs.values()) await this.#releaseStale(other)
    return Object.fromEntries(fetches.map((output) => [output, this.backend.read(results.get(output)!)]))
  }

  push(tensors: WireTensors, transfer = false): Promise<void> {
    for (const [name, { dtype, data, shape }] of Object.entries(tensors)) {
      const given = this.backend.take({ dtype, data: transfer ? data : data.slice(), shape })
      this.#spare.delete(name)
      this.#resident.set(name, given)
    }
    return Promise.resolve()
  }

  zeros(tensors: Readonly<Record<string, ZeroTensor>>): Promise<void> {
    const made = Object.entries(tensors).map(
      ([name, { dtype, shape }]) => [name, Tensor.zeros(shape, dtype)] as const,
    )
    return this.push(Object.fromEntries(made), true)
  }

  async pull(names: readonly string[]): Promise<WireTensors> {
    return Promise.resolve(
      Object.fromEntries(
        names.map((name) => {
          const tensor = this.backend.read(this.#get(name))
          return [name, { ...tensor, data: tensor.data.slice() }]
        }),
      ),
    )
  }

  // A run never writes into a tensor that a snapshot has, so keeping the references is a snapshot.
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
    this.#spare.clear()
    for (const { session } of programs) await session?.release()
  }

  /** A tensor for the next value of `state`; undefined where the backend makes its own. */
  #target(state: string, isInPlace: boolean): HeldTensor | undefined {
    if (!this.backend.writesInto) return undefined
    if (isInPlace && !this.#isKept(state)) return this.#get(state)
    const spare = this.#spare.get(state)
    this.#spare.delete(state)
    if (spare) return spare
    const { dtype, shape } = this.#get(state)
    return this.backend.take(Tensor.zeros(shape, dtype))
  }

  #replace(state: string, next: HeldTensor): void {
    const last = this.#get(state)
    if (next === last) return
    if (this.backend.writesInto && !this.#isKept(state)) this.#spare.set(state, last)
    this.#resident.set(state, next)
  }

  /** Whether a snapshot has the resident tensor `state`. */
  #isKept(state: string): boolean {
    const tensor = this.#resident.get(state)
    return [...this.#snapshots.values()].some((tensors) => tensors.get(state) === tensor)
  }

  async #sessionOf(name: string, loaded: Loaded): Promise<BackendSession<HeldTensor>> {
    await this.#releaseStale(loaded)
    if (loaded.session) return loaded.session
    const { program } = loaded
    const states = Object.entries(program.residentWeights ?? {})
    const weights = states.map(([path, state]) => [path, this.backend.read(this.#get(state))] as const)
    loaded.madeWith = new Map(states.map(([, state]) => [state, this.#get(state)]))
    loaded.session = await this.#createSession(name, {
      ...program,
      weights: { ...program.weights, ...Object.fromEntries(weights) },
    })
    return loaded.session
  }

  /** A run replaces the resident tensors that it changes: one that is the same has the same numbers. */
  async #releaseStale(loaded: Loaded): Promise<void> {
    const { session, madeWith = new Map<string, HeldTensor>() } = loaded
    if ([...madeWith].every(([state, tensor]) => this.#resident.get(state) === tensor)) return
    loaded.session = undefined
    delete loaded.madeWith
    await session?.release()
  }

  #createSession(name: string, { model, weights = {} }: Program): Promise<BackendSession<HeldTensor>> {
    return typed(() => this.backend.createSession(model, weights), `load the program ${name}`)
  }

  #get(name: string): HeldTensor {
    const tensor = this.#resident.get(name)
    if (!tensor) throw new RuntimeError(`the engine has no tensor ${name}: push it first`)
    return tensor
  }
}

/** ONNX Runtime throws plain errors. */
async function typed<T>(work: () => Promise<T>, what: string): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new RuntimeError(`ONNX Runtime can't ${what}: ${reason}`, { cause })
  }
}
