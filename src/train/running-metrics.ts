import { ShapeError } from '../core/errors.ts'
import { formatShape } from '../core/shape.ts'
import type { Tensor } from '../core/tensor.ts'

/** Loss and accuracy of a phase. */
export interface Metrics {
  /** Mean over the samples: batches weigh by their size, as in the PyTorch tutorial. */
  readonly loss: number
  /** Share of the samples whose largest logit is at their label, 0 … 1; NaN where labels are no class indices. */
  readonly accuracy: number
}

/** What {@link RunningMetrics} has added up. */
export interface RunningSums {
  readonly loss: number
  readonly correct: number
  readonly samples: number
}

/** Sums loss and right answers over the batches of a phase. */
export class RunningMetrics {
  #loss: number
  #correct: number
  #samples: number

  /** Goes on from sums of before. */
  constructor({ loss, correct, samples }: RunningSums = { loss: 0, correct: 0, samples: 0 }) {
    this.#loss = loss
    this.#correct = correct
    this.#samples = samples
  }

  /** Adds a batch: its mean loss, logits `[N, classes]` and labels `[N]`. */
  add(loss: number, outputs: Tensor, labels: Tensor): void {
    const size = labels.shape[0] ?? 0
    this.#loss += loss * size
    this.#correct += labels.dtype === 'float32' ? NaN : countCorrect(outputs, labels)
    this.#samples += size
  }

  /** To go on from. */
  get sums(): RunningSums {
    return { loss: this.#loss, correct: this.#correct, samples: this.#samples }
  }

  /** The means so far; NaN before the first batch. */
  get value(): Metrics {
    return { loss: this.#loss / this.#samples, accuracy: this.#correct / this.#samples }
  }
}

/**
 * Class index with the largest logit, per row; the first of equal ones, as `torch.argmax` on the CPU.
 *
 * @param outputs - Logits `[N, classes]`.
 * @throws {@link ShapeError} for another number of dimensions.
 */
export function argmaxRows(outputs: Tensor): number[] {
  const [rows, classes] = outputs.shape
  if (outputs.shape.length !== 2 || rows === undefined || classes === undefined) {
    throw new ShapeError(`logits must have the shape [N, classes], not ${formatShape(outputs.shape)}`)
  }
  return Array.from({ length: rows }, (_, row) => {
    let best = 0
    for (let index = 1; index < classes; index++) {
      if (outputs.data[row * classes + index]! > outputs.data[row * classes + best]!) best = index
    }
    return best
  })
}

function countCorrect(outputs: Tensor, labels: Tensor): number {
  return argmaxRows(outputs).filter((predicted, row) => predicted === Number(labels.data[row])).length
}
