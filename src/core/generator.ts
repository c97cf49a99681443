import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'

import { ArgumentError } from './errors.ts'

/** A generator's position, as plain numbers: survives JSON and the border of a worker. */
export type GeneratorState = readonly number[]

/**
 * A seeded source of random numbers (xoroshiro128+ of pure-rand). Randomness is always passed, never
 * global: the same seed gives the same numbers on every platform. They are not PyTorch's numbers.
 *
 * @example
 * ```ts
 * import { Generator } from 'onnx-finetune'
 *
 * const generator = new Generator(0)
 * generator.random()                  // in [0, 1)
 * const worker = generator.fork(3)    // independent of the draws made from `generator` afterwards
 * const saved = generator.state()
 * generator.restore(saved)
 * ```
 */
export class Generator {
  #source

  /** @param seed - Any integer; the default is 0, so that runs repeat unless asked otherwise. */
  constructor(seed = 0) {
    if (!Number.isSafeInteger(seed)) throw new ArgumentError(`a seed must be a safe integer, not ${seed}`)
    this.#source = xoroshiro128plus(mix(seed, Math.floor(seed / 2 ** 32)))
  }

  /** A generator that continues at `state`. */
  static fromState(state: GeneratorState): Generator {
    const generator = new Generator()
    generator.restore(state)
    return generator
  }

  /** Uniform in [0, 1), with 53 random bits. */
  random(): number {
    return uniformFloat64(this.#source)
  }

  /** Uniform in [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.random()
  }

  /** Uniform integer in [low, high): `high` is excluded, as in `torch.randint`. */
  integer(low: number, high: number): number {
    if (!(high > low))
      throw new ArgumentError(`integer(${low}, ${high}) has no value to draw: high must be above low`)
    return uniformInt(this.#source, low, high - 1)
  }

  /** Normally distributed, by the Box–Muller transform. */
  normal(mean = 0, std = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.random()))
    return mean + std * radius * Math.cos(2 * Math.PI * this.random())
  }

  /** The numbers 0 … n − 1 in random order (Fisher–Yates). */
  permutation(n: number): number[] {
    const order = Array.from({ length: n }, (_, index) => index)
    for (let last = n - 1; last > 0; last--) {
      const other = this.integer(0, last + 1)
      const value = order[last]!
      order[last] = order[other]!
      order[other] = value
    }
    return order
  }

  /**
   * A child generator that is a function of this one's state and of `key` alone, and leaves this one as
   * it is: `fork(index)` gives every sample of an epoch its own numbers, whichever worker makes it.
   */
  fork(key: number): Generator {
    const words = this.state()
    const seed = words.reduce((hash, word) => mix(hash, word), mix(key, Math.floor(key / 2 ** 32)))
    const child = new Generator()
    child.#source = xoroshiro128plus(seed)
    return child
  }

  /** A child generator, seeded by the next number of this one: two splits differ. */
  split(): Generator {
    return new Generator(this.integer(0, 2 ** 32))
  }

  /** The position, to be saved. */
  state(): GeneratorState {
    return this.#source.getState()
  }

  /** Continues at a saved position. */
  restore(state: GeneratorState): void {
    this.#source = xoroshiro128plusFromState(state)
  }
}

/** Two words to one well-mixed 32-bit word (the finalizer of MurmurHash3). */
function mix(a: number, b: number): number {
  let hash = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) | 0
}
