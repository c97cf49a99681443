import { ArgumentError, ShapeError } from '../core/errors.ts'
import type { Value } from '../graph/graph.ts'

/** A loss: adds a float scalar to the graph of `outputs`. */
export interface Criterion {
  loss(outputs: Value, targets: Value): Value
  /**
   * What `targets` are: int32 class indices `[N]` for outputs `[N, classes]`, or float32 numbers in the shape of the
   * outputs. Default: `'classIndices'`.
   */
  readonly targetType?: 'classIndices' | 'float'
  /** A class index that is no class, and doesn't count. Default: there is none. */
  readonly ignoreIndex?: number
  /** Says that the loss of a batch is the mean (NaN where every label is ignored) or the sum. */
  readonly reduction?: 'mean' | 'sum'
}

/** What the labels of a step must be. */
export interface TargetSpec {
  readonly dtype: 'int32' | 'float32'
  /** Without the batch. */
  readonly shape: readonly number[]
  /** Number of classes, where labels are class indices. */
  readonly classes?: number
  readonly ignoreIndex?: number | undefined
  readonly reduction?: 'mean' | 'sum' | undefined
}

/** Adds the loss of `output` to its graph, with an input `labels` for the targets. */
export function lossOf(
  criterion: Criterion,
  output: Value,
): { readonly loss: Value; readonly target: TargetSpec } {
  const target = targetOf(criterion, output)
  const labels = output.graph.input('labels', target.dtype, ['N', ...target.shape])
  return { loss: criterion.loss(output, labels), target }
}

function targetOf(criterion: Criterion, output: Value): TargetSpec {
  const { targetType = 'classIndices', ignoreIndex, reduction } = criterion
  if (targetType === 'float') return { dtype: 'float32', shape: output.shape.slice(1).map(Number) }
  if (output.rank === 2 && output.dim(1) === 1) {
    throw new ArgumentError(
      'a loss over the classes of a single one is always 0, nothing is learned: add a folder or label for what is not of that class, or use BCEWithLogitsLoss for one yes-or-no output',
    )
  }
  if (output.rank === 2) return { dtype: 'int32', shape: [], classes: output.dim(1), ignoreIndex, reduction }
  throw new ShapeError(
    `a loss with class indices needs outputs [N, classes], but the model gives ${output.toString()}: end it with Flatten and Linear`,
  )
}
