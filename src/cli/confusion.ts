/** How often a classifier took what for what. */
export interface ConfusionReport {
  /** Share of all pictures that are right, 0 … 1. */
  readonly accuracy: number
  readonly correct: number
  readonly total: number
  readonly classes: readonly ClassReport[]
  /** `confusion[actual][predicted]`: counts. */
  readonly confusion: readonly (readonly number[])[]
}

/** A class; what would be 0 / 0 is `null`. */
export interface ClassReport {
  readonly label: string
  /** Pictures of it. */
  readonly count: number
  /** Share of what was taken for it that is it. */
  readonly precision: number | null
  /** Share of its pictures that were found. */
  readonly recall: number | null
  /** Harmonic mean of both. */
  readonly f1: number | null
}

/** The report on class indices, actual and predicted. */
export function confusionReport(
  classes: readonly string[],
  pairs: readonly (readonly [actual: number, predicted: number])[],
): ConfusionReport {
  const confusion = classes.map(() => classes.map(() => 0))
  for (const [actual, predicted] of pairs) confusion[actual]![predicted]!++
  const right = (index: number) => confusion[index]![index]!
  const correct = sum(classes.map((_, index) => right(index)))
  return {
    accuracy: correct / pairs.length,
    correct,
    total: pairs.length,
    classes: classes.map((label, index) => {
      const count = sum(confusion[index]!)
      const taken = sum(confusion.map((row) => row[index]!))
      return {
        label,
        count,
        precision: share(right(index), taken),
        recall: share(right(index), count),
        f1: share(2 * right(index), taken + count),
      }
    }),
    confusion,
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)
