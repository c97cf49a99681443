import { ShapeError } from '../core/errors.ts'
import { formatShape, sizeOf } from '../core/shape.ts'
import { Tensor } from '../core/tensor.ts'
import { checkIndex, type Dataset, type Sample } from './dataset.ts'

/**
 * Samples that lie in memory: row `i` of `inputs` with row `i` of `labels`. The samples are views, not copies.
 *
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset
 */
export class TensorDataset implements Dataset {
  /**
   * @param inputs - `[N, …]`.
   * @param labels - `[N]` of integers (class indices), or targets `[N, …]` of any type.
   * @throws {@link ShapeError} if one is a scalar or their first sizes differ.
   */
  constructor(
    readonly inputs: Tensor,
    readonly labels: Tensor,
  ) {
    if (inputs.shape.length === 0 || inputs.shape[0] !== labels.shape[0]) {
      throw new ShapeError(
        `inputs ${formatShape(inputs.shape)} and labels ${formatShape(labels.shape)} must have the same ` +
          'first size: one row a sample',
      )
    }
  }

  get length(): number {
    return this.inputs.shape[0]!
  }

  get(index: number): Sample {
    checkIndex(index, this.length, 'TensorDataset')
    return { input: row(this.inputs, index), label: this.#label(index) }
  }

  #label(index: number): number | Tensor {
    const target = row(this.labels, index)
    return target.shape.length === 0 && isClassIndex(target) ? target.item() : target
  }
}

function isClassIndex({ dtype }: Tensor): boolean {
  return dtype === 'int32' || dtype === 'int64' || dtype === 'uint8'
}

function row(tensor: Tensor, index: number): Tensor {
  const shape = tensor.shape.slice(1)
  const size = sizeOf(shape)
  const data = tensor.data.subarray(index * size, (index + 1) * size)
  return new Tensor(tensor.dtype, data, shape)
}
