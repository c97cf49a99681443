import { Allowance } from './allowance.ts'
import type { PickleBytes } from './pickle-bytes.ts'
import { isPickleKey, PickleGlobal, PickleTuple, type PickleWorld } from './pickle-values.ts'

/** About what each object takes here, in bytes; a pickle makes one with as little as one byte. */
const costs = { list: 64, dict: 256, tuple: 64, call: 512, memo: 48 } as const

const maxStack = 1 << 20
const maxMemo = 1 << 20
const mark = Symbol('mark')

/** The stack and the memo of a pickle at work. It knows nothing of opcodes. */
export class PickleMachine {
  readonly #stack: unknown[] = []
  readonly #memo = new Map<number, unknown>()
  readonly #memory: Allowance

  constructor(
    readonly bytes: PickleBytes,
    readonly world: PickleWorld,
  ) {
    this.#memory = new Allowance((8 << 20) + 32 * bytes.remaining, () =>
      bytes.damaged('it makes far more objects than it has bytes'),
    )
  }

  /** The one object that is left. */
  finish(): unknown {
    const result = this.pop()
    if (this.#stack.length > 0) throw this.bytes.damaged('it leaves more than one object')
    return result
  }

  push(value: unknown): void {
    if (this.#stack.length >= maxStack) throw this.bytes.damaged(`it stacks more than ${maxStack} objects`)
    this.#stack.push(value)
  }

  pop(): unknown {
    if (this.#stack.length === 0) throw this.bytes.damaged('it takes an object that it never made')
    const value = this.#stack.pop()
    if (value === mark) throw this.bytes.damaged('it takes a mark for an object')
    return value
  }

  mark(): void {
    this.push(mark)
  }

  list(): unknown[] {
    this.#memory.take(costs.list)
    return []
  }

  dict(): Map<unknown, unknown> {
    this.#memory.take(costs.dict)
    return new Map()
  }

  /** Of the last `count` objects, or of all above the last mark. */
  tuple(count?: number): PickleTuple {
    this.#memory.take(costs.tuple)
    return new PickleTuple(this.popMany(count))
  }

  /** The last `count` objects, or all above the last mark. */
  popMany(count?: number): unknown[] {
    if (count !== undefined) return Array.from({ length: count }, () => this.pop()).reverse()
    const at = this.#stack.lastIndexOf(mark)
    if (at < 0) throw this.bytes.damaged('it lacks a mark')
    const items = this.#stack.splice(at)
    items.shift()
    return items
  }

  /** Keeps the object on top under `index`, or under the next one. */
  put(index = this.#memo.size): void {
    if (this.#memo.size >= maxMemo) throw this.bytes.damaged(`it keeps more than ${maxMemo} objects`)
    this.#memory.take(costs.memo)
    this.#memo.set(index, this.#top())
  }

  get(index: number): unknown {
    if (!this.#memo.has(index)) throw this.bytes.damaged(`it recalls object ${index}, which it never kept`)
    return this.#memo.get(index)
  }

  append(items: readonly unknown[]): void {
    const list = this.#top()
    if (!Array.isArray(list)) throw this.bytes.damaged('it appends to what is no list')
    for (const item of items) list.push(item)
  }

  setItems(items: readonly unknown[]): void {
    const dict = this.#top()
    if (!(dict instanceof Map)) throw this.bytes.damaged('it sets items of what is no dict')
    if (items.length % 2 === 1) throw this.bytes.damaged('it sets a key without a value')
    for (let at = 0; at < items.length; at += 2) {
      const key = items[at]
      if (!isPickleKey(key)) {
        throw this.bytes.damaged('a key of a dict is neither a string nor a number nor None')
      }
      dict.set(key, items[at + 1])
    }
  }

  /** The object that the two strings on top name, module and name. */
  stackGlobal(): unknown {
    const [module, name] = this.popMany(2)
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw this.bytes.damaged('it names a class or function by what is no string')
    }
    return this.world.global(`${module}.${name}`)
  }

  reduce(): unknown {
    this.#memory.take(costs.call)
    const args = this.pop()
    const target = this.pop()
    if (!(args instanceof PickleTuple)) throw this.bytes.damaged('it calls with what is no tuple')
    if (!(target instanceof PickleGlobal) || !target.call) {
      const what = target instanceof PickleGlobal ? target.name : 'an object'
      throw this.bytes.damaged(`it calls ${what}, which is nothing to call`)
    }
    return target.call(args.items)
  }

  /** The only state that torch.save gives to an object that is allowed here: the `_metadata` of a state dict, which holds versions. */
  build(): void {
    const state = this.pop()
    if (!(this.#top() instanceof Map) || !(state instanceof Map)) {
      throw this.bytes.damaged('it sets the state of an object that has none')
    }
  }

  #top(): unknown {
    const value = this.pop()
    this.#stack.push(value)
    return value
  }
}
