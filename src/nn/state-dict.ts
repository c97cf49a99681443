import { nearest } from '../core/edit-distance.ts'
import { ArgumentError, StateDictError } from '../core/errors.ts'
import { formatShape, sameShape } from '../core/shape.ts'
import { Tensor } from '../core/tensor.ts'

/** Tensors by qualified name (`layer1.0.conv1.weight`), in the order of the modules. */
export type StateDict = ReadonlyMap<string, Tensor>

/** What can be loaded: a state dict, or the same as a plain object. */
export type StateDictLike = StateDict | Readonly<Record<string, Tensor>>

/** Keys in which a state dict and a module differ. */
export interface IncompatibleKeys {
  readonly missingKeys: readonly string[]
  readonly unexpectedKeys: readonly string[]
}

/** A state dict as a map. Throws {@link ArgumentError} for what is none, as a path. */
export function entriesOf(state: StateDictLike): StateDict {
  if (state instanceof Map) return state as StateDict
  if (typeof state === 'object' && (state as unknown) !== null) return new Map(Object.entries(state))
  throw new ArgumentError(
    `a state dict must be a Map or an object of tensors by name, not ${JSON.stringify(state)}: read a file with await readStateDict(path)`,
  )
}

/** A key whose tensor doesn't fit, and what is wrong with it. */
export interface Mismatch {
  readonly key: string
  readonly text: string
}

/** What keeps the tensor `given` from being loaded over `own`: nothing or one thing. */
export function mismatch(key: string, own: Pick<Tensor, 'dtype' | 'shape'>, given: unknown): Mismatch[] {
  if (given === undefined) return []
  const needed = `${own.dtype} ${formatShape(own.shape)} needed`
  if (!(given instanceof Tensor)) return [{ key, text: `${key}: a ${typeof given} given, ${needed}` }]
  if (given.dtype === own.dtype && sameShape(given.shape, own.shape)) return []
  return [{ key, text: `${key}: ${given.dtype} ${formatShape(given.shape)} given, ${needed}` }]
}

/** All that is wrong with a state dict, and what to do. */
export function stateDictError(
  module: string,
  {
    missingKeys,
    unexpectedKeys,
    mismatched,
  }: IncompatibleKeys & { readonly mismatched: readonly Mismatch[] },
): StateDictError {
  const parts = [
    ...listed('missing keys: ', missingKeys, ', ', hint('nearest given', unexpectedKeys)),
    ...listed('unexpected keys: ', unexpectedKeys, ', ', hint('nearest missing', missingKeys)),
    ...listed(
      '',
      mismatched.map(({ text }) => text),
      '; ',
    ),
  ]
  return new StateDictError(
    `the state dict doesn't fit ${module}; ${parts.join('; ')}. ${remedy(missingKeys, unexpectedKeys)}`,
    missingKeys,
    unexpectedKeys,
    mismatched.map(({ key }) => key),
  )
}

/** A message of hundreds of keys hides what matters; the error's properties have them all. */
const mostListed = 10

function listed(
  title: string,
  items: readonly string[],
  separator: string,
  shown: (item: string) => string = (item) => item,
): string[] {
  if (items.length === 0) return []
  const more = items.length > mostListed ? ` and ${items.length - mostListed} more` : ''
  return [title + items.slice(0, mostListed).map(shown).join(separator) + more]
}

/** A key, with the nearest of `others` behind it: a renamed layer or a misspelt name shows at once. */
function hint(title: string, others: readonly string[]): (key: string) => string {
  return (key) => {
    const found = nearest(key, others)
    return found === undefined ? key : `${key} (${title}: ${found})`
  }
}

function remedy(missingKeys: readonly string[], unexpectedKeys: readonly string[]): string {
  const [first] = unexpectedKeys
  const prefix = missingKeys
    .filter((key) => first?.endsWith(`.${key}`))
    .map((key) => first!.slice(0, -key.length))
    .find((start) => unexpectedKeys.every((key) => key.startsWith(start)))
  if (prefix !== undefined) {
    return `All its keys begin with '${prefix}', as DataParallel and wrappers save them: take that off.`
  }
  return 'Load weights of the same architecture, or call loadStateDict(state, { strict: false }) to skip missing and unexpected keys.'
}
