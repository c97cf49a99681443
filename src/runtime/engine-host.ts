import { openNativeBackend, loadRuntime } from '#platform'

import { RuntimeError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import type { Backend, BackendSession, HeldTensor } from './backend.ts'
import type { Engine, EngineOptions, Program, WireTensors, ZeroTensor } from './engine.ts'
import { PackageBackend } from './package-backend.ts'
import { ResidentTensors } from './resident-tensors.ts'
import { typed } from './typed.ts'
import { WebgpuBackend } from './webgpu-backend.ts'

/** A program and its session; one with resident weights has none until it runs, and the tensors that it was made with. */
interface Loaded {
  readonly program: Program
  session?: BackendSession<HeldTensor> | undefined
  madeWith?: ReadonlyMap<string, HeldTensor>
}

/** The engine on this thread: a run on a CPU blocks it for the whole step. Calls are worked off one after another. */
export class EngineHost implements Engine {
  readonly #programs = new Map<string, Loaded>()
  readonly #tensors: ResidentTensors
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(private readonly backend: Backend) {
    this.#tensors = new ResidentTensors(backend)
  }

  static async start(options: EngineOptions): Promise<EngineHost> {
    const native = await openNativeBackend(options)
    if (native) return new EngineHost(native)
    const runtime = await loadRuntime(options.device, options)
    if (options.device !== 'webgpu') return new EngineHost(new PackageBackend(runtime, options))
    return new EngineHost(await typed(() => WebgpuBackend.open(runtime, options), 'start WebGPU'))
  }

  load(name: string, program: Program): Promise<void> {
    return this.#inTurn(async () => {
      await this.#programs.get(name)?.session?.release()
      this.#programs.delete(name)
      const isMadeLater = program.residentWeights !== undefined
      const session = isMadeLater ? undefined : await this.#createSession(name, program)
      // A session has the model and its weights: to keep them here too would double them.
      const kept = isMadeLater ? program : { ...program, model: new Uint8Array(), weights: {} }
      this.#programs.set(name, { program: kept, session })
    })
  }

  run(name: string, feeds: WireTensors): Promise<WireTensors> {
    return this.#inTurn(async () => {
      const loaded = this.#programs.get(name)
      if (!loaded) throw new RuntimeError(`the engine has no program ${name}: load it first`)
      const { stateInputs, fetches, updates, inPlace = [] } = loaded.program
      const inputs: Record<string, HeldTensor> = {}
      for (const [input, tensor] of Object.entries(feeds)) inputs[input] = this.backend.take(tensor)
      for (const [input, state] of Object.entries(stateInputs)) inputs[input] = this.#tensors.get(state)
      const outputs = new Map<string, HeldTensor | undefined>(fetches.map((output) => [output, undefined]))
      for (const [output, state] of Object.entries(updates)) {
        outputs.set(output, this.#tensors.target(state, inPlace.includes(state)))
      }
      const session = await this.#sessionOf(name, loaded)
      const results = await typed(() => session.run(inputs, outputs), `run the program ${name}`)
      for (const [output, state] of Object.entries(updates))
        this.#tensors.replace(state, results.get(output)!)
      for (const other of this.#programs.values()) await this.#releaseStale(other)
      return this.#read(fetches, (output) => results.get(output)!)
    })
  }

  push(tensors: WireTensors, transfer = false): Promise<void> {
    return this.#inTurn(async () => {
      for (const [name, { data, ...type }] of Object.entries(tensors)) {
        const given = { ...type, data: transfer ? data : data.slice() }
        this.#tensors.put(name, await typed(() => this.backend.keep(given), `take the tensor ${name}`))
      }
    })
  }

  zeros(tensors: Readonly<Record<string, ZeroTensor>>): Promise<void> {
    const made = Object.entries(tensors).map(
      ([name, { dtype, shape }]) => [name, Tensor.zeros(shape, dtype)] as const,
    )
    return this.push(Object.fromEntries(made), true)
  }

  pull(names: readonly string[]): Promise<WireTensors> {
    return this.#inTurn(async () => {
      const tensors = await this.#read(names, (name) => this.#tensors.get(name))
      return Object.fromEntries(
        Object.entries(tensors).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]),
      )
    })
  }

  snapshot(key: string, names: readonly string[]): Promise<void> {
    return this.#inTurn(() => typed(() => this.#tensors.snapshot(key, names), `take the snapshot ${key}`))
  }

  restore(key: string): Promise<void> {
    return this.#inTurn(() => {
      this.#tensors.restore(key)
    })
  }

  warnings(): Promise<readonly string[]> {
    return Promise.resolve(this.backend.warnings?.() ?? [])
  }

  // In the middle of a run as well.
  loseDevice(): Promise<void> {
    this.backend.loseDevice?.()
    return Promise.resolve()
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      const programs = [...this.#programs.values()]
      this.#programs.clear()
      // Before their sessions: on WebGPU, Node crashes else.
      this.#tensors.clear()
      for (const { session } of programs) await session?.release()
      await this.backend.close?.()
    })
  }

  /** A backend can't run two sessions at once, and what one call reads another may dispose of. */
  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  async #read(names: readonly string[], tensorOf: (name: string) => HeldTensor): Promise<WireTensors> {
    const tensors: [string, WireTensors[string]][] = []
    for (const name of names) {
      tensors.push([name, await typed(() => this.backend.read(tensorOf(name)), `read the tensor ${name}`)])
    }
    return Object.fromEntries(tensors)
  }

  async #sessionOf(name: string, loaded: Loaded): Promise<BackendSession<HeldTensor>> {
    await this.#releaseStale(loaded)
    if (loaded.session) return loaded.session
    const { program } = loaded
    const states = Object.entries(program.residentWeights ?? {})
    loaded.madeWith = new Map(states.map(([, state]) => [state, this.#tensors.get(state)]))
    const weights = await this.#read(
      states.map(([path]) => path),
      (path) => this.#tensors.get(program.residentWeights![path]!),
    )
    loaded.session = await this.#createSession(name, {
      ...program,
      weights: { ...program.weights, ...weights },
    })
    return loaded.session
  }

  /** A run replaces the resident tensors that it changes: one that is the same has the same numbers. */
  async #releaseStale(loaded: Loaded): Promise<void> {
    const { session, madeWith = new Map<string, HeldTensor>() } = loaded
    if ([...madeWith].every(([state, tensor]) => this.#tensors.has(state, tensor))) return
    loaded.session = undefined
    delete loaded.madeWith
    await session?.release()
  }

  #createSession(
    name: string,
    { model, weights = {}, stateInputs, updates }: Program,
  ): Promise<BackendSession<HeldTensor>> {
    const inputs = new Map(Object.entries(stateInputs).map(([input, state]) => [state, input]))
    const states = Object.entries(updates).map(([output, state]) => [output, inputs.get(state)] as const)
    const create = () => this.backend.createSession(model, weights, new Map(states))
    return typed(create, `load the program ${name}`)
  }
}
