import { ArgumentError } from '../../core/errors.ts'
import type { Generator } from '../../core/generator.ts'
import type { Allocate } from '../../data/dataset.ts'
import { Normalize } from './normalize.ts'
import { NormalizedToTensor, ToTensor } from './to-tensor.ts'
import { applyTransform, type Transform, type TransformInput, type TransformLike } from './transform.ts'

/**
 * Transforms one after another.
 *
 * @example
 * ```ts
 * import { transforms as T } from 'onnx-finetune'
 *
 * const transform = new T.Compose([
 *   new T.Resize(256),
 *   new T.CenterCrop(224),
 *   new T.ToTensor(),
 *   new T.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
 * ])
 * ```
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.Compose.html
 */
export class Compose implements Transform {
  static readonly name: string = 'Compose'

  readonly #steps: readonly TransformLike[]

  /**
   * @param transforms - Transforms or functions `(input, generator) => output`, in their order; may be none.
   * @throws {@link ArgumentError} if one of them is neither.
   */
  constructor(readonly transforms: readonly TransformLike[]) {
    transforms.forEach(checkTransform)
    this.#steps = fuse(transforms)
  }

  forward(input: TransformInput, generator: Generator): TransformInput | Promise<TransformInput> {
    return run(this.#steps, input, generator)
  }

  /**
   * As `forward`; a `ToTensor` at the end, or a `Normalize` after it, makes its tensor in the memory that `allocate` gives.
   *
   * @internal
   */
  forwardInto(
    input: TransformInput,
    generator: Generator,
    allocate: Allocate | undefined,
  ): TransformInput | Promise<TransformInput> {
    const last = this.#steps.at(-1)
    if (!isExactly(last, NormalizedToTensor) && !isExactly(last, ToTensor))
      return this.forward(input, generator)
    const steps = [
      ...this.#steps.slice(0, -1),
      (image: TransformInput) => last.forward(image, generator, allocate),
    ]
    return run(steps, input, generator)
  }
}

/** Stays synchronous as long as the steps are: a promise for each would cost more than some of them. */
function run(
  steps: readonly TransformLike[],
  input: TransformInput,
  generator: Generator,
): TransformInput | Promise<TransformInput> {
  let image = input
  for (const [index, step] of steps.entries()) {
    const result = applyTransform(step, image, generator)
    if (result instanceof Promise) {
      return result.then((awaited) => run(steps.slice(index + 1), awaited, generator))
    }
    image = result
  }
  return image
}

/** Subclasses may do something else: only the classes themselves are fused. */
function fuse(transforms: readonly TransformLike[]): TransformLike[] {
  const steps: TransformLike[] = []
  for (const transform of transforms) {
    const fuses = isExactly(steps.at(-1), ToTensor) && isExactly(transform, Normalize)
    if (fuses) steps[steps.length - 1] = new NormalizedToTensor(transform)
    else steps.push(transform)
  }
  return steps
}

function isExactly<T extends Transform>(
  transform: TransformLike | undefined,
  type: new (...args: never[]) => T,
): transform is T {
  return transform?.constructor === type
}

function checkTransform(transform: unknown, index: number): void {
  const isClass = typeof transform === 'function' && 'forward' in Object(transform.prototype)
  if (isClass) {
    throw new ArgumentError(
      `Compose: transform ${index} is the class ${transform.name} itself; write new ${transform.name}(…)`,
    )
  }
  const isTransform = typeof (transform as Partial<Transform> | null | undefined)?.forward === 'function'
  if (typeof transform === 'function' || isTransform) return
  throw new ArgumentError(
    `Compose: transform ${index} is ${String(transform)}; expected a transform or a function (input, generator) => output`,
  )
}
