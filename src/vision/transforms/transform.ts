/**
 * What a transform is. A transform takes a picture or a tensor and gives one back; it draws every random
 * number from the generator it is handed and from nowhere else, so that a sample is the same whichever
 * thread makes it.
 */
import type { Generator } from '../../core/generator.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { Picture } from '../picture.ts'

/** What flows through transforms: a {@link Picture} `[H, W, C]` up to `ToTensor`, a tensor `[C, H, W]` after it. */
export type TransformInput = Picture | Tensor

/**
 * An object that transforms pictures or tensors.
 *
 * A class of your own works everywhere a built-in does. Loader workers can run it too, if it
 * 1. is exported under its own name from a module that does no work when it is imported,
 * 2. says which module that is: `static readonly module = import.meta.url`,
 * 3. gives its constructor's arguments back, as plain data, by `toArguments()`.
 *
 * The worker then imports that module and constructs the class anew. Without these, the transform and what
 * follows it run on the caller's thread, with the same results.
 *
 * @example
 * ```ts
 * import { contiguous, picture, sizeOfPicture, type Generator, type Picture, type Transform } from 'onnx-finetune'
 *
 * export class RandomInvert implements Transform {
  static readonly name: string = 'RandomInvert'
 *   static readonly module = import.meta.url
 *   constructor(readonly p = 0.5) {}
 *
 *   toArguments() {
 *     return [this.p]
 *   }
 *
 *   forward(source: Picture, generator: Generator): Picture {
 *     if (generator.random() >= this.p) return source
 *     return picture(...sizeOfPicture(source), contiguous(source).map((value) => 255 - value))
 *   }
 * }
 * ```
 */
export interface Transform {
  /**
   * @param input - The picture or tensor; others may hold views of its memory, so don't write into it.
   * @param generator - The only source of randomness.
   * @returns The transformed picture or tensor: `input` itself, a view of it, or a new one.
   */
  forward(input: TransformInput, generator: Generator): TransformInput | Promise<TransformInput>

  /** The constructor's arguments as structured-cloneable data: needed only to run in loader workers. */
  toArguments?(): readonly unknown[]
}

/**
 * A transform as a plain function. It runs on the caller's thread: a function doesn't cross the border of a
 * worker. A method's type, so that a function of `Picture` alone or of `Tensor` alone is one, too.
 */
export type TransformFunction = {
  call(input: TransformInput, generator: Generator): TransformInput | Promise<TransformInput>
}['call']

/** What every option named `transform` takes. */
export type TransformLike = Transform | TransformFunction

/** Runs a transform of either form. */
export function applyTransform(
  transform: TransformLike,
  input: TransformInput,
  generator: Generator,
): TransformInput | Promise<TransformInput> {
  return typeof transform === 'function' ? transform(input, generator) : transform.forward(input, generator)
}
