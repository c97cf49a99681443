import type { DType } from '../core/dtype.ts'
import { ShapeError } from '../core/errors.ts'
import { formatShape, sameShape, type Shape } from '../core/shape.ts'
import { finish, type Steps } from '../core/steps.ts'
import type { Tensor } from '../core/tensor.ts'

/** A tensor that is made when it is first read: drawing what a state dict then replaces would take a second. */
export interface LazyTensor {
  readonly shape: Shape
  readonly dtype: DType
  /** Makes it, a piece at each step. The same numbers each time. */
  make(): Steps<Tensor>
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
    if (!('make' in this.#state)) return this.#state
    return (this.#state = finish(this.#state.make()))
  }

  set tensor(tensor: Tensor) {
    if (!sameShape(tensor.shape, this.shape)) {
      throw new ShapeError(
        `a tensor of shape ${formatShape(this.shape)} can't become one of ${formatShape(tensor.shape)}`,
      )
    }
    this.#state = tensor
  }

  /** Makes a tensor that is not made yet, with a `pause` after each piece: a large one takes a tenth of a second. */
  async materialize(pause: () => Promise<void>): Promise<void> {
    const lazy = this.#state
    if (!('make' in lazy)) return
    const pieces = lazy.make()
    for (;;) {
      const next = pieces.next()
      // It may have been read or replaced in the meantime.
      if (this.#state !== lazy) return
      if (next.done) {
        this.#state = next.value
        return
      }
      await pause()
    }
  }
}

/** A trainable tensor of a module. @see https://pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html */
export class Parameter extends StateTensor {
  static override readonly name: string = 'Parameter'

  /** Whether gradients are computed for it: `false` freezes it. */
  requiresGrad = true
}

/** State that isn't trained by gradients: BatchNorm's running statistics. */
export class ModuleBuffer extends StateTensor {
  static override readonly name: string = 'ModuleBuffer'
}
