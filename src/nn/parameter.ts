import { ShapeError } from '../core/errors.ts'
import { formatShape, sameShape } from '../core/shape.ts'
import type { Tensor } from '../core/tensor.ts'

/** A tensor of a module's state: replaceable, of fixed shape and dtype. */
class StateTensor {
  #tensor: Tensor

  constructor(tensor: Tensor) {
    this.#tensor = tensor
  }

  /** The numbers. Throws {@link ShapeError} when replaced by a tensor of another shape. */
  get tensor(): Tensor {
    return this.#tensor
  }

  set tensor(tensor: Tensor) {
    if (!sameShape(tensor.shape, this.#tensor.shape)) {
      throw new ShapeError(
        `a tensor of shape ${formatShape(this.#tensor.shape)} can't become one of ${formatShape(tensor.shape)}`,
      )
    }
    this.#tensor = tensor
  }
}

/** A trainable tensor of a module. @see https://pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html */
export class Parameter extends StateTensor {
  /** Whether gradients are computed for it: `false` freezes it. */
  requiresGrad = true
}

/** State that isn't trained by gradients: BatchNorm's running statistics. */
export class ModuleBuffer extends StateTensor {}
