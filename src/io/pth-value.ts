import { FileFormatError } from '../core/errors.ts'
import type { Tensor } from '../core/tensor.ts'
import { PickleTuple, type PickleDict, type PickleKey } from './pickle-values.ts'
import { PthTensor } from './pth-tensors.ts'

/** What a key of a Python dict becomes. */
export type PthKey = PickleKey

/**
 * What a `.pth` file can hold: `None` is null, `dict` and `OrderedDict` are a `Map` in the same order, `list`,
 * `tuple` and `torch.Size` are arrays, `torch.device` and `torch.dtype` are their names, and an `int` beyond 2^53 is a bigint.
 */
export type PthValue =
  null | boolean | number | bigint | string | Tensor | readonly PthValue[] | ReadonlyMap<PthKey, PthValue>

const maxDepth = 200

/**
 * Turns what the unpickler made into a {@link PthValue}, in place: objects that are shared stay shared.
 *
 * @param open - Makes the tensors.
 * @throws {@link FileFormatError} if it contains itself, is nested absurdly deep, or holds a bare class or storage.
 */
export function toPthValue(value: unknown, source: string, open: (tensor: PthTensor) => Tensor): PthValue {
  return new Converter(source, open).convert(value, 0)
}

class Converter {
  /** What has been converted; undefined while it is. */
  readonly #done = new Map<object, PthValue | undefined>()

  constructor(
    readonly source: string,
    readonly open: (tensor: PthTensor) => Tensor,
  ) {}

  convert(value: unknown, depth: number): PthValue {
    if (value === null || ['boolean', 'number', 'bigint', 'string'].includes(typeof value)) {
      return value as PthValue
    }
    if (value instanceof PthTensor) return this.#once(value, depth, () => this.open(value))
    if (value instanceof PickleTuple) return this.#once(value, depth, () => this.#list(value.items, depth))
    if (Array.isArray(value)) return this.#once(value, depth, () => this.#list(value, depth))
    if (value instanceof Map) {
      return this.#once(value, depth, () => this.#dict(value as PickleDict, depth))
    }
    throw this.#refuse('a bare class or storage, where only tensors and containers are read')
  }

  #once(object: object, depth: number, make: () => PthValue): PthValue {
    if (this.#done.has(object)) {
      const value = this.#done.get(object)
      if (value === undefined) throw this.#refuse('a container that contains itself')
      return value
    }
    if (depth >= maxDepth) throw this.#refuse(`containers nested deeper than ${maxDepth}`)
    this.#done.set(object, undefined)
    const value = make()
    this.#done.set(object, value)
    return value
  }

  #list(items: unknown[], depth: number): PthValue[] {
    for (let index = 0; index < items.length; index++) items[index] = this.convert(items[index], depth + 1)
    return items as PthValue[]
  }

  #dict(dict: PickleDict, depth: number): Map<PthKey, PthValue> {
    for (const [key, item] of dict) dict.set(key, this.convert(item, depth + 1))
    return dict as Map<PthKey, PthValue>
  }

  #refuse(what: string): FileFormatError {
    return new FileFormatError(
      `${this.source} holds ${what}. Save the weights alone: torch.save(model.state_dict(), path).`,
    )
  }
}
