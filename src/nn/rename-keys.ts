import { ArgumentError, StateDictError } from '../core/errors.ts'
import type { Tensor } from '../core/tensor.ts'
import { entriesOf, type StateDictLike } from './state-dict.ts'

/**
 * How {@link renameKeys} renames: a function from the old key to the new one, or to `undefined` to leave it out; or a
 * table. An entry of the table whose name ends in a dot renames all keys that begin with it, any other one key; `''`
 * takes the beginning off, and `null` leaves the keys out. The longest name that fits is taken; keys that none fits stay.
 */
export type KeyRenaming = ((key: string) => string | undefined) | Readonly<Record<string, string | null>>

/**
 * A state dict under other keys, in the same order. The tensors are the same, not copies.
 *
 * @throws {@link StateDictError} where two keys would get one name.
 * @throws {@link ArgumentError} where the state dict is none, or a new key is no text.
 *
 * @example
 * ```ts
 * import { readStateDict, renameKeys } from 'onnx-finetune'
 *
 * const saved = await readStateDict('backbone.safetensors')
 * // 'module.backbone.conv1.weight' becomes 'conv1.weight'; 'module.head.…' is left out
 * const byTable = renameKeys(saved, { 'module.backbone.': '', 'module.head.': null })
 * const byFunction = renameKeys(saved, (key) => key.replace(/\.gamma$/, '.weight'))
 * ```
 */
export function renameKeys(state: StateDictLike, renaming: KeyRenaming): Map<string, Tensor> {
  const rename = typeof renaming === 'function' ? renaming : fromTable(renaming)
  const renamed = new Map<string, Tensor>()
  const origins = new Map<string, string>()
  for (const [key, tensor] of entriesOf(state)) {
    const name: unknown = rename(key)
    if (name === undefined) continue
    if (typeof name !== 'string') {
      throw new ArgumentError(
        `the renaming of '${key}' gave ${JSON.stringify(name)}: return the new key, or undefined to leave it out`,
      )
    }
    const other = origins.get(name)
    if (other !== undefined) {
      throw new StateDictError(
        `'${other}' and '${key}' would both be named '${name}': rename them apart, or leave one of them out`,
      )
    }
    origins.set(name, key)
    renamed.set(name, tensor)
  }
  return renamed
}

function fromTable(table: Readonly<Record<string, string | null>>): (key: string) => string | undefined {
  const entries = Object.entries(table).sort(([a], [b]) => b.length - a.length)
  return (key) => {
    const found = entries.find(([old]) => (old.endsWith('.') ? key.startsWith(old) : key === old))
    if (!found) return key
    const [old, name] = found
    return name === null ? undefined : name + key.slice(old.length)
  }
}
