import { FileFormatError } from '../core/errors.ts'
import { isFloat } from '../core/dtype.ts'
import { Tensor } from '../core/tensor.ts'
import type { PthKey, PthValue } from './pth-value.ts'

/** Options of {@link findStateDict}. */
export interface FindStateDictOptions {
  /** Where to look: a key of the checkpoint, or several from the outside in. Default: everywhere. */
  readonly key?: string | readonly string[] | undefined
  /**
   * Whether names keep a `module.` or `_orig_mod.` that all of them begin with, as `DataParallel` and `torch.compile`
   * put it there. Default: false.
   */
  readonly keepPrefix?: boolean | undefined
  /** What to call the value in messages. Default: "the .pth file". */
  readonly source?: string | undefined
}

type Path = readonly PthKey[]
type Dict = ReadonlyMap<PthKey, PthValue>

const remedy = 'Save the weights alone: torch.save(model.state_dict(), path).'

/**
 * The state dict in what {@link readPth} read: the value itself, if it is one, or else the only one inside of it,
 * under whatever keys (`{ model: …, optimizer: …, epoch: 3 }`). States of optimizers are passed over.
 *
 * @returns Tensors by name, in the file's order.
 * @throws {@link FileFormatError} if there is none, or nothing under `key`; and, naming them all, if there are several.
 *
 * @example
 * ```ts
 * import { findStateDict, readPth } from 'onnx-finetune'
 *
 * const checkpoint = await readPth('checkpoint.pth')
 * const stateDict = findStateDict(checkpoint)
 * const average = findStateDict(checkpoint, { key: 'model_ema' })
 * ```
 */
export function findStateDict(value: PthValue, options: FindStateDictOptions = {}): Map<string, Tensor> {
  const { key = [], keepPrefix = false, source = 'the .pth file' } = options
  const start = typeof key === 'string' ? [key] : key
  const found = search(descend(value, start, source), start, source)
  return keepPrefix ? new Map(found) : withoutPrefix(found)
}

function descend(value: PthValue, path: readonly string[], source: string): PthValue {
  let inner = value
  for (const [depth, key] of path.entries()) {
    const next = inner instanceof Map ? (inner as Dict).get(key) : undefined
    if (next === undefined) {
      const keys =
        inner instanceof Map ? listed([...(inner as Dict).keys()].map((name) => [name])) : 'no keys'
      throw new FileFormatError(
        `${source} holds nothing under the key ${formatPath(path.slice(0, depth + 1))}; there it has ${keys}.`,
      )
    }
    inner = next
  }
  return inner
}

function search(value: PthValue, start: Path, source: string): ReadonlyMap<string, Tensor> {
  const where = start.length > 0 ? `${formatPath(start)} of ${source}` : source
  if (!(value instanceof Map)) {
    throw new FileFormatError(`${where} holds no state dict but ${describe(value)}. ${remedy}`)
  }
  const dict = value as Dict
  if (isStateDict(dict)) return dict
  const candidates = [...candidatesIn(dict, start)]
  const [only, ...others] = candidates
  if (only && others.length === 0) return only.stateDict
  if (others.length > 0) {
    const paths = candidates.map(({ path }) => path)
    throw new FileFormatError(
      `${where} holds ${paths.length} state dicts: ${listed(paths)}. Choose one: { key: ${formatPath(paths[0]!)} }.`,
    )
  }
  const [name, odd] = [...dict].find(([key, item]) => typeof key !== 'string' || !(item instanceof Tensor))!
  throw new FileFormatError(
    `${where} holds no state dict: '${String(name)}' is ${describe(odd)}, and nothing in it is one. ${remedy}`,
  )
}

/** State dicts below `dict`, which is none itself. Objects that are shared are looked at once. */
function* candidatesIn(
  dict: Dict,
  path: Path,
  seen = new Set<unknown>(),
): Generator<{ path: Path; stateDict: ReadonlyMap<string, Tensor> }> {
  if (dict.has('param_groups')) return
  for (const [key, item] of dict) {
    if (!(item instanceof Map) || seen.has(item)) continue
    seen.add(item)
    const inner = item as Dict
    // Of a generator's state, too, the file may have tensors by name; but weights are floats.
    if (isStateDict(inner)) {
      if ([...inner.values()].some(({ dtype }) => isFloat(dtype)))
        yield { path: [...path, key], stateDict: inner }
    } else yield* candidatesIn(inner, [...path, key], seen)
  }
}

function isStateDict(dict: Dict): dict is ReadonlyMap<string, Tensor> {
  return [...dict].every(([key, item]) => typeof key === 'string' && item instanceof Tensor)
}

const prefixes = ['module.', '_orig_mod.']

/** Off come the prefixes that every name has. */
function withoutPrefix(stateDict: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const names = [...stateDict.keys()]
  let length = 0
  for (;;) {
    const prefix = prefixes.find((start) => names.every((name) => name.startsWith(start, length)))
    if (prefix === undefined || names.length === 0) break
    length += prefix.length
  }
  return new Map([...stateDict].map(([name, tensor]) => [name.slice(length), tensor]))
}

const mostListed = 10

function listed(paths: readonly Path[]): string {
  const more = paths.length > mostListed ? ` and ${paths.length - mostListed} more` : ''
  return paths.slice(0, mostListed).map(formatPath).join(', ') + more
}

/** As {@link FindStateDictOptions.key} takes it. */
function formatPath(path: Path): string {
  const quoted = path.map((key) => `'${String(key)}'`)
  return quoted.length === 1 ? quoted[0]! : `[${quoted.join(', ')}]`
}

function describe(value: PthValue | undefined): string {
  if (value instanceof Map) return 'a dict'
  if (value instanceof Tensor) return 'a tensor'
  if (Array.isArray(value)) return 'a list'
  return value === null ? 'None' : `a ${typeof value}`
}
