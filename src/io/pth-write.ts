import { nextTurn, writeFile } from '#platform'

import type { Tensor } from '../core/tensor.ts'
import { packPieces } from './pieces.ts'
import { pthPieces } from './pth-encode.ts'

/**
 * Writes a state dict to a `.pth` file in the zip format: to the byte what PyTorch's `torch.save` writes for it, so that
 * `torch.load(path, weights_only=True)` and `load_state_dict` take it. Element types stay as they are, such as the int64 of
 * `num_batches_tracked`. The file appears whole or not at all.
 *
 * @param tensors - By name, such as `model.stateDict()`. Tensors over the very same memory share it in PyTorch too.
 * @throws {@link FileSystemError} if it can't be written.
 * @throws {@link ArgumentError} if a value is no tensor, or all together take more than 4 GiB.
 * @see https://pytorch.org/docs/stable/generated/torch.save.html
 *
 * @example
 * ```ts
 * import { models, writePth } from 'onnx-finetune'
 *
 * const model = await models.resnet18({ numClasses: 2 })
 * await writePth('ants-and-bees.pth', model.stateDict())
 * ```
 */
export async function writePth(path: string, tensors: ReadonlyMap<string, Tensor>): Promise<void> {
  await writeFile(path, inTurns(packPieces(pthPieces(tensors))))
}

/** The event loop gets its turn between two pieces, whose checksums take time. */
async function* inTurns(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  for (const piece of pieces) {
    yield piece
    await nextTurn()
  }
}
