import { ArgumentError } from '../core/errors.ts'
import type { Tensor } from '../core/tensor.ts'
import { Module } from '../nn/module.ts'
import { entriesOf, type StateDictLike } from '../nn/state-dict.ts'
import { writePth } from './pth-write.ts'
import { writeSafetensors } from './safetensors.ts'

/** Options of {@link saveWeights}. */
export interface SaveWeightsOptions {
  /**
   * Texts to keep with the tensors: class names, preprocessing, versions. Only `.safetensors` has a place for them.
   * Default: none.
   */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/**
 * Saves a model's weights, or a state dict, in the format that the path ends with: `.safetensors`, or `.pth` or `.pt`, which
 * `torch.load(path, weights_only=True)` and `load_state_dict` take. The file appears whole or not at all.
 *
 * @param path - Ends with `.safetensors`, `.pth` or `.pt`.
 * @param weights - A module, whose parameters and buffers are saved under PyTorch's names, or tensors by name.
 * @throws {@link ArgumentError} for another ending, for metadata in a `.pth` file, or where a value is no tensor.
 * @throws {@link FileSystemError} if it can't be written.
 * @see https://pytorch.org/tutorials/beginner/saving_loading_models.html
 *
 * @example
 * ```ts
 * import { models, saveWeights } from 'onnx-finetune'
 *
 * const model = await models.resnet18({ numClasses: 2 })
 * await saveWeights('best.safetensors', model, { metadata: { classes: 'ants,bees' } })
 * await saveWeights('best.pth', model)
 * ```
 */
export async function saveWeights(
  path: string,
  weights: Module | StateDictLike,
  { metadata }: SaveWeightsOptions = {},
): Promise<void> {
  const tensors: ReadonlyMap<string, Tensor> =
    weights instanceof Module ? weights.stateDict() : entriesOf(weights)
  if (/\.safetensors$/i.test(path)) return writeSafetensors(path, tensors, { metadata })
  if (!/\.pth?$/i.test(path)) {
    throw new ArgumentError(
      `can't tell the format of ${path}: its name must end with .safetensors, .pth or .pt`,
    )
  }
  if (metadata && Object.keys(metadata).length > 0) {
    throw new ArgumentError(
      `${path} would lose its metadata, for which a .pth file has no place: save a .safetensors file, or leave metadata out`,
    )
  }
  return writePth(path, tensors)
}
