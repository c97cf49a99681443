import { PickleBytes } from './pickle-bytes.ts'

/** A Python tuple, kept apart from a list while unpickling: only tuples are arguments. */
export class PickleTuple {
  constructor(readonly items: readonly unknown[]) {}
}

/** A Python dict or OrderedDict. Keys are what {@link isPickleKey} allows. */
export type PickleDict = Map<string | number | bigint | boolean | null, unknown>

/** A class or function that a pickle names. One that has `call` may be called by the pickle. */
export class PickleGlobal {
  constructor(
    readonly name: string,
    readonly call?: (args: readonly unknown[]) => unknown,
  ) {}
}

/** The world of a pickle: everything it can reach. */
export interface PickleWorld {
  /** What to call the file in messages. */
  readonly source: string
  /** The class or function of this name (`torch._utils._rebuild_tensor_v2`). Throws where it isn't allowed. */
  global(name: string): PickleGlobal
  /** The object that a persistent id stands for. Throws where there is none. */
  persistent(id: unknown): unknown
}

const maxStack = 1 << 20
const maxMemo = 1 << 20
const mark = Symbol('mark')

/**
 * Runs a pickle of protocol 2 with the opcodes that `torch.save` writes, and no other: it can build strings,
 * numbers, tuples, lists and dicts, and call what `world` allows. Every opcode takes at least one byte and does
 * a bounded amount of work, so any input ends.
 *
 * @throws {@link FileFormatError} for everything else.
 * @see https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */
export function unpickle(bytes: Uint8Array, world: PickleWorld): unknown {
  return new Unpickler(new PickleBytes(bytes, world.source), world).run()
}

class Unpickler {
  readonly #stack: unknown[] = []
  readonly #memo = new Map<number, unknown>()

  constructor(
    readonly bytes: PickleBytes,
    readonly world: PickleWorld,
  ) {}

  run(): unknown {
    if (this.bytes.uint8() !== 0x80) throw this.bytes.damaged('it is no pickle')
    const protocol = this.bytes.uint8()
    if (protocol !== 2) throw this.bytes.damaged(`it is of protocol ${protocol}, not 2`)
    for (;;) {
      const code = this.bytes.uint8()
      if (code === stop) return this.#finish()
      const make = makers[code]
      const change = changers[code]
      if (make) this.#push(make(this))
      else if (change) change(this)
      else throw this.bytes.damaged(`opcode 0x${code.toString(16)} is none that torch.save writes`)
    }
  }

  #finish(): unknown {
    const result = this.pop()
    if (this.#stack.length > 0) throw this.bytes.damaged('it leaves more than one object')
    return result
  }

  #push(value: unknown): void {
    if (this.#stack.length >= maxStack) throw this.bytes.damaged(`it stacks more than ${maxStack} objects`)
    this.#stack.push(value)
  }

  pop(): unknown {
    if (this.#stack.length === 0) throw this.bytes.damaged('it takes an object that it never made')
    const value = this.#stack.pop()
    if (value === mark) throw this.bytes.damaged('it takes a mark for an object')
    return value
  }

  peek(): unknown {
    const value = this.pop()
    this.#stack.push(value)
    return value
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

  put(index: number): void {
    if (this.#memo.size >= maxMemo) throw this.bytes.damaged(`it keeps more than ${maxMemo} objects`)
    this.#memo.set(index, this.peek())
  }

  get(index: number): unknown {
    if (!this.#memo.has(index)) throw this.bytes.damaged(`it recalls object ${index}, which it never kept`)
    return this.#memo.get(index)
  }

  append(items: readonly unknown[]): void {
    const list = this.peek()
    if (!Array.isArray(list)) throw this.bytes.damaged('it appends to what is no list')
    for (const item of items) list.push(item)
  }

  setItems(items: readonly unknown[]): void {
    const dict = this.peek()
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

  reduce(): unknown {
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
    if (!(this.peek() instanceof Map) || !(state instanceof Map)) {
      throw this.bytes.damaged('it sets the state of an object that has none')
    }
  }
}

function isPickleKey(key: unknown): key is string | number | bigint | boolean | null {
  return key === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof key)
}

const stop = 0x2e

/** The opcodes that make an object, by code, with their names in CPython's pickletools. */
const makers: Readonly<Record<number, (machine: Unpickler) => unknown>> = {
  0x28: () => mark, // MARK
  0x4e: () => null, // NONE
  0x88: () => true, // NEWTRUE
  0x89: () => false, // NEWFALSE
  0x4a: (m) => m.bytes.int32(), // BININT
  0x4b: (m) => m.bytes.uint8(), // BININT1
  0x4d: (m) => m.bytes.uint16(), // BININT2
  0x8a: (m) => m.bytes.long(m.bytes.uint8()), // LONG1
  0x47: (m) => m.bytes.float64(), // BINFLOAT
  0x58: (m) => m.bytes.text(m.bytes.uint32()), // BINUNICODE
  0x29: () => new PickleTuple([]), // EMPTY_TUPLE
  0x85: (m) => new PickleTuple(m.popMany(1)), // TUPLE1
  0x86: (m) => new PickleTuple(m.popMany(2)), // TUPLE2
  0x87: (m) => new PickleTuple(m.popMany(3)), // TUPLE3
  0x74: (m) => new PickleTuple(m.popMany()), // TUPLE
  0x5d: () => [], // EMPTY_LIST
  0x7d: () => new Map(), // EMPTY_DICT
  0x68: (m) => m.get(m.bytes.uint8()), // BINGET
  0x6a: (m) => m.get(m.bytes.uint32()), // LONG_BINGET
  0x63: (m) => m.world.global(`${m.bytes.line()}.${m.bytes.line()}`), // GLOBAL
  0x51: (m) => m.world.persistent(m.pop()), // BINPERSID
  0x52: (m) => m.reduce(), // REDUCE
}

/** The opcodes that change the object on top of the stack, or keep it. */
const changers: Readonly<Record<number, (machine: Unpickler) => void>> = {
  // APPEND
  0x61: (m) => {
    m.append(m.popMany(1))
  },
  // APPENDS
  0x65: (m) => {
    m.append(m.popMany())
  },
  // SETITEM
  0x73: (m) => {
    m.setItems(m.popMany(2))
  },
  // SETITEMS
  0x75: (m) => {
    m.setItems(m.popMany())
  },
  // BINPUT
  0x71: (m) => {
    m.put(m.bytes.uint8())
  },
  // LONG_BINPUT
  0x72: (m) => {
    m.put(m.bytes.uint32())
  },
  // BUILD
  0x62: (m) => {
    m.build()
  },
}
