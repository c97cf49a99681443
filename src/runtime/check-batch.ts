import { ArgumentError, DTypeError, ShapeError } from '../core/errors.ts'
import { formatShape, sameShape } from '../core/shape.ts'
import type { Tensor } from '../core/tensor.ts'
import type { TargetSpec } from './criterion.ts'

/** Throws unless `inputs` are a float32 batch of at least one sample of `shape`. */
export function checkInputs(inputs: Tensor, shape: readonly number[]): void {
  if (inputs.dtype !== 'float32') {
    throw new DTypeError(`inputs must be float32, not ${inputs.dtype}: add ToTensor to the transforms`)
  }
  if (!inputs.shape[0]) {
    throw new ShapeError(`inputs ${formatShape(inputs.shape)} must hold at least one sample`)
  }
  if (!sameShape(inputs.shape.slice(1), shape)) {
    throw new ShapeError(
      `this session was built for inputs ${formatShape(['N', ...shape])}, this batch has ${formatShape(inputs.shape)}`,
    )
  }
}

/** Throws unless `labels` are what the loss takes: one for each of `batch` samples, and within the classes. */
export function checkLabels(labels: Tensor, batch: number, target: TargetSpec): void {
  const expected = [batch, ...target.shape]
  if (labels.dtype !== target.dtype || !sameShape(labels.shape, expected)) {
    const message = `labels must be ${target.dtype} ${formatShape(expected)} for this loss and this batch, not ${labels.dtype} ${formatShape(labels.shape)}`
    throw labels.dtype === target.dtype ? new ShapeError(message) : new DTypeError(message)
  }
  const { classes, ignoreIndex, reduction } = target
  if (classes === undefined) return
  if (reduction === 'mean' && labels.data.every((label: number | bigint) => label === ignoreIndex)) {
    throw new ArgumentError(
      `all ${batch} labels of this batch are ${String(ignoreIndex)}, which is ignored, so that its mean loss is none (NaN in PyTorch): leave the batch out, or use reduction 'sum'`,
    )
  }
  for (const label of labels.data) {
    if (label === ignoreIndex || (label >= 0 && label < classes)) continue
    throw new ArgumentError(
      `label ${label} is outside of the model's ${classes} classes (0 … ${classes - 1})${ignored(ignoreIndex)}: give the head as many outputs as the data has classes`,
    )
  }
}

const ignored = (index: number | undefined): string =>
  index === undefined ? '' : ` and isn't ${index}, which is ignored`
