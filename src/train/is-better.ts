import type { EpochMetrics } from './events.ts'

/** Whether `a` has the better validation accuracy; without classes the lower validation loss, without validation the lower training loss. */
export function isBetter(a: EpochMetrics, b: EpochMetrics): boolean {
  if (!a.val || !b.val) return a.train.loss < b.train.loss
  return Number.isNaN(a.val.accuracy) ? a.val.loss < b.val.loss : a.val.accuracy > b.val.accuracy
}
