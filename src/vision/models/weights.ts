import { ArgumentError } from '../../core/errors.ts'
import { Tensor } from '../../core/tensor.ts'
import { checkCount } from '../../nn/check-options.ts'
import { entriesOf, type StateDictLike } from '../../nn/state-dict.ts'

/** Starting a model from a state dict. */

/**
 * The number of classes that a model is to have: the one asked for or the weights' own. Throws {@link ArgumentError}
 * where both are there and differ, or the weights are no state dict.
 */
export function classesOf(options: {
  readonly numClasses?: number | undefined
  readonly weights?: StateDictLike | undefined
}): number | undefined {
  const { numClasses, weights } = options
  if (numClasses !== undefined) checkCount('the model', 'numClasses', numClasses)
  if (weights === undefined) return numClasses
  if (typeof weights === 'string') {
    throw new ArgumentError(
      `weights must be a state dict, not the text '${String(weights)}': read a file first, { weights: await readStateDict('${fileOf(weights)}') }`,
    )
  }
  const head: unknown = entriesOf(weights).get('fc.weight')
  const [classes] = head instanceof Tensor ? head.shape : []
  if (classes !== undefined && numClasses !== undefined && classes !== numClasses) {
    throw new ArgumentError(
      `numClasses is ${numClasses}, but the weights have ${classes} classes: leave numClasses out and give the loaded model a new head, model.fc = new nn.Linear(model.fc.inFeatures, ${numClasses})`,
    )
  }
  return numClasses ?? classes
}

/** torchvision's names of weights are no files. */
const fileOf = (text: string): string => (/[./\\]/.test(text) ? text : 'resnet18.pth')
