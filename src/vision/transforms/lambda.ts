import type { Generator } from '../../core/generator.ts'
import { ArgumentError } from '../../core/errors.ts'
import type { Transform, TransformFunction, TransformInput } from './transform.ts'

/**
 * A user's function as a transform. It runs on the caller's thread, since a function doesn't cross the border
 * of a worker; a class that names its module does (see {@link Transform}). A bare function does the same.
 *
 * @example
 * ```ts
 * import { transforms as T, type Picture } from 'onnx-finetune'
 *
 * const upperHalf = new T.Lambda((picture: Picture) => picture.hi(picture.shape[0]! >> 1))
 * ```
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.Lambda.html
 */
export class Lambda implements Transform {
  static readonly name: string = 'Lambda'

  readonly #apply: TransformFunction

  /** @throws {@link ArgumentError} if `apply` is no function. */
  constructor(apply: TransformFunction) {
    if (typeof apply !== 'function') throw new ArgumentError(`Lambda needs a function, not ${String(apply)}`)
    this.#apply = apply
  }

  forward(input: TransformInput, generator: Generator): TransformInput | Promise<TransformInput> {
    return this.#apply(input, generator)
  }
}
