import { RuntimeError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import type { Backend, HeldTensor } from './backend.ts'

/**
 * What an engine keeps between runs: named tensors, snapshots of them, and memory for their next values. A tensor is
 * disposed of when none of these has it any more.
 */
export class ResidentTensors {
  readonly #resident = new Map<string, HeldTensor>()
  readonly #snapshots = new Map<string, ReadonlyMap<string, HeldTensor>>()
  /** By the state's name, a tensor that the next run may write to: state alternates between two. */
  readonly #spare = new Map<string, HeldTensor>()
  /** How many of the names, snapshots and spares have a tensor. */
  readonly #holders = new Map<HeldTensor, number>()

  constructor(private readonly backend: Backend) {}

  /** Throws {@link RuntimeError} where there is none. */
  get(name: string): HeldTensor {
    const tensor = this.#resident.get(name)
    if (!tensor) throw new RuntimeError(`the engine has no tensor ${name}: push it first`)
    return tensor
  }

  /** Whether `tensor` is the resident one of that name. */
  has(name: string, tensor: HeldTensor): boolean {
    return this.#resident.get(name) === tensor
  }

  put(name: string, tensor: HeldTensor): void {
    this.#hold(tensor)
    this.#letGo(this.#resident.get(name))
    this.#letGo(this.#takeSpare(name))
    this.#resident.set(name, tensor)
  }

  /** A tensor for the next value of `state`; undefined where the backend makes its own. */
  target(state: string, isInPlace: boolean): HeldTensor | undefined {
    if (!this.backend.writesInto) return undefined
    if (isInPlace && !this.#isShared(state)) return this.get(state)
    const spare = this.#takeSpare(state)
    if (spare) {
      // The run that it is for makes it resident.
      this.#holders.delete(spare)
      return spare
    }
    const { dtype, shape } = this.get(state)
    return this.backend.take(Tensor.zeros(shape, dtype))
  }

  /** `next` is what a run has made of `state`. */
  replace(state: string, next: HeldTensor): void {
    const last = this.get(state)
    if (next === last) return
    this.#hold(next)
    if (this.backend.writesInto && !this.#isShared(state)) this.#spare.set(state, last)
    else this.#letGo(last)
    this.#resident.set(state, next)
  }

  /** A run never writes into a tensor that a snapshot has, so keeping the references is a snapshot. */
  async snapshot(key: string, names: readonly string[]): Promise<void> {
    const kept = new Map<string, HeldTensor>()
    for (const name of names) {
      const tensor = this.get(name)
      kept.set(name, (await this.backend.preserve?.(tensor)) ?? tensor)
    }
    for (const tensor of kept.values()) this.#hold(tensor)
    for (const tensor of this.#snapshots.get(key)?.values() ?? []) this.#letGo(tensor)
    this.#snapshots.set(key, kept)
  }

  /** Throws {@link RuntimeError} without a snapshot of that key. */
  restore(key: string): void {
    const saved = this.#snapshots.get(key)
    if (!saved) throw new RuntimeError(`there is no snapshot ${key} to restore: take one first`)
    for (const [name, tensor] of saved) {
      this.#hold(tensor)
      this.#letGo(this.#resident.get(name))
      this.#resident.set(name, tensor)
    }
  }

  clear(): void {
    const tensors = [...this.#holders.keys()]
    for (const map of [this.#resident, this.#snapshots, this.#spare, this.#holders]) map.clear()
    for (const tensor of tensors) this.backend.dispose?.(tensor)
  }

  /** Whether a snapshot has the resident tensor `state` too. */
  #isShared(state: string): boolean {
    return this.#holders.get(this.get(state))! > 1
  }

  #takeSpare(name: string): HeldTensor | undefined {
    const spare = this.#spare.get(name)
    this.#spare.delete(name)
    return spare
  }

  #hold(tensor: HeldTensor): void {
    this.#holders.set(tensor, (this.#holders.get(tensor) ?? 0) + 1)
  }

  #letGo(tensor: HeldTensor | undefined): void {
    if (!tensor) return
    const holders = this.#holders.get(tensor)! - 1
    if (holders > 0) {
      this.#holders.set(tensor, holders)
      return
    }
    this.#holders.delete(tensor)
    this.backend.dispose?.(tensor)
  }
}
