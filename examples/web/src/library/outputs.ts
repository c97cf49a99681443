/** What a network's outputs say. */
import type { Tensor } from 'onnx-finetune'

/** What the network thinks of a picture. */
export interface Judgement {
  /** Of the picture in its loader. */
  readonly index: number
  readonly label: number
  readonly predicted: number
  /** Of what it takes it for. */
  readonly probability: number
  /** Cross-entropy: large where it is sure of something wrong. */
  readonly loss: number
}

/** One judgement a row of `[N, classes]` logits; `first` is the first row's index. */
export function judge(outputs: Tensor, labels: Tensor, first: number): Judgement[] {
  const classes = outputs.shape[1]!
  return (labels.toList() as number[]).map((label, row) => {
    const logits = Array.from(outputs.data.subarray(row * classes, (row + 1) * classes), Number)
    const largest = Math.max(...logits)
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0)
    return {
      index: first + row,
      label,
      predicted: logits.indexOf(largest),
      probability: 1 / total,
      loss: Math.log(total) + largest - logits[label]!,
    }
  })
}

/** How often each class (row) was taken for each (column). */
export function confusionOf(judgements: readonly Judgement[], classes: number): number[][] {
  const table = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  for (const { label, predicted } of judgements) table[label]![predicted]!++
  return table
}
