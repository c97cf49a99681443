import type { DType } from '../core/dtype.ts'
import { ShapeError } from '../core/errors.ts'
import { formatShape, sameShape, type Shape } from '../core/shape.ts'
import type { Tensor } from '../core/tensor.ts'

/** A tensor that is made when it is first read: drawing what a state dict then replaces would take a second. */
export interface LazyTensor {
  readonly shape: Shape
  readonly dtype: DType
  make(): Tensor
}

/** A tensor of a module's state: replaceable, of fixed shape and dtype. */
class StateTensor {
  readonly shape: Shape
  readonly dtype: DType
  #state: Tensor | LazyTensor

  constructor(initial: Tensor | LazyTensor) {
    this.shape = initial.shape
    this.dtype = initial.dtype
    this.#state = initial
  }

  /** The numbers. Throws {@link ShapeError} when replaced by a tensor of another shape. */
  get tensor(): Tensor {
    return (this.#state = 'make' in this.#state ? this.#state.make() : this.#state)
  }

  set tensor(tensor: Tensor) {
    if (!sameShape(tensor.shape, this.shape)) {
      throw new ShapeError(
        `a tensor of shape ${formatShape(this.shape)} can't become one of ${formatShape(tensor.shape)}`,
      )
    }
    this.#state = tensor
  }
}

/** A trainable tensor of a module. @see https://pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html */
export class Parameter extends StateTensor {
  /** Whether gradients are computed for it: `false` freezes it. */
  requiresGrad = true
}

/** State that isn't trained by gradients: BatchNorm's running statistics. */
export class ModuleBuffer extends StateTensor {}
