import { FileFormatError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import type { PthValue } from './pth-value.ts'

/**
 * The state dict that a `.pth` file holds: its dict of tensors, in the file's order.
 *
 * @param source - What to call the file in messages.
 * @throws {@link FileFormatError} if `value` is no dict from names to tensors. For a checkpoint that holds the
 * state dict under a key, the message names the key: pass `value.get(key)`.
 */
export function stateDictFromPth(value: PthValue | undefined, source = 'the .pth file'): Map<string, Tensor> {
  if (!(value instanceof Map)) {
    throw new FileFormatError(`${source} holds no state dict but ${describe(value)}. ${remedy}`)
  }
  const stateDict = new Map<string, Tensor>()
  for (const [key, tensor] of value as ReadonlyMap<unknown, PthValue>) {
    if (typeof key !== 'string' || !(tensor instanceof Tensor)) {
      throw new FileFormatError(
        `${source} holds no plain state dict: '${String(key)}' is ${describe(tensor)}, not a tensor. ${advice(value)}`,
      )
    }
    stateDict.set(key, tensor)
  }
  return stateDict
}

const remedy = 'Save the weights alone: torch.save(model.state_dict(), path).'

/** A checkpoint keeps its state dict under a key: name those that fit. */
function advice(value: ReadonlyMap<unknown, PthValue>): string {
  const nested = [...value].filter(([, item]) => isStateDict(item)).map(([key]) => `'${String(key)}'`)
  return nested.length > 0
    ? `It looks like a checkpoint; its state dicts are under ${nested.join(', ')}.`
    : remedy
}

function isStateDict(value: PthValue): boolean {
  return value instanceof Map && value.size > 0 && [...value.values()].every((item) => item instanceof Tensor)
}

function describe(value: PthValue | undefined): string {
  if (value instanceof Map) return 'a dict'
  if (value instanceof Tensor) return 'a tensor'
  if (Array.isArray(value)) return 'a list'
  return value === null ? 'None' : `a ${typeof value}`
}
