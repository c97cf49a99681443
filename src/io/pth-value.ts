import { FileFormatError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import { PickleTuple } from './pickle.ts'

/** What a key of a Python dict becomes. */
export type PthKey = string | number | bigint | boolean | null

/**
 * What a `.pth` file can hold: `None` is null, `dict` and `OrderedDict` are a `Map` in the same order, `list`,
 * `tuple` and `torch.Size` are arrays, `torch.device` is its name, and an `int` beyond 2^53 is a bigint.
 */
export type PthValue =
  null | boolean | number | bigint | string | Tensor | readonly PthValue[] | ReadonlyMap<PthKey, PthValue>

const maxDepth = 200

/**
 * Turns what the unpickler made into a {@link PthValue}; objects that are shared stay shared.
 *
 * @throws {@link FileFormatError} if it contains itself, is nested absurdly deep, or holds a bare class or storage.
 */
export function toPthValue(value: unknown, source: string): PthValue {
  return new Converter(source).convert(value, 0)
}

class Converter {
  /** Containers already converted; undefined while one is being converted. */
  readonly #done = new Map<object, PthValue | undefined>()

  constructor(readonly source: string) {}

  convert(value: unknown, depth: number): PthValue {
    if (value === null || ['boolean', 'number', 'bigint', 'string'].includes(typeof value)) {
      return value as PthValue
    }
    if (value instanceof Tensor) return value as Tensor
    if (value instanceof PickleTuple) return this.#once(value, depth, () => this.#list(value.items, depth))
    if (Array.isArray(value)) return this.#once(value, depth, () => this.#list(value, depth))
    if (value instanceof Map) return this.#once(value, depth, () => this.#dict(value, depth))
    throw this.#refuse('a bare class or storage, where only tensors and containers are read')
  }

  #once(container: object, depth: number, make: () => PthValue): PthValue {
    if (this.#done.has(container)) {
      const value = this.#done.get(container)
      if (value === undefined) throw this.#refuse('a container that contains itself')
      return value
    }
    if (depth >= maxDepth) throw this.#refuse(`containers nested deeper than ${maxDepth}`)
    this.#done.set(container, undefined)
    const value = make()
    this.#done.set(container, value)
    return value
  }

  #list(items: readonly unknown[], depth: number): PthValue[] {
    return items.map((item) => this.convert(item, depth + 1))
  }

  #dict(dict: ReadonlyMap<PthKey, unknown>, depth: number): Map<PthKey, PthValue> {
    return new Map([...dict].map(([key, item]) => [key, this.convert(item, depth + 1)]))
  }

  #refuse(what: string): FileFormatError {
    return new FileFormatError(
      `${this.source} holds ${what}. Save the weights alone: torch.save(model.state_dict(), path).`,
    )
  }
}
