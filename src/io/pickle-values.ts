/** A Python tuple, kept apart from a list while unpickling: only tuples are arguments. */
export class PickleTuple {
  constructor(readonly items: unknown[]) {}
}

/** What a key of a Python dict may be here. */
export type PickleKey = string | number | bigint | boolean | null

/** A Python dict or OrderedDict. */
export type PickleDict = Map<PickleKey, unknown>

/** Whether `key` may be one of a dict. */
export function isPickleKey(key: unknown): key is PickleKey {
  return key === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof key)
}

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
  /** The object of this name (`torch._utils._rebuild_tensor_v2`). Throws where it isn't allowed. */
  global(name: string): unknown
  /** The object that a persistent id stands for. Throws where there is none. */
  persistent(id: unknown): unknown
}
