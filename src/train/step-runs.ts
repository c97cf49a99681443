import { ArgumentError } from '../core/errors.ts'
import type { Batch } from '../data/collate.ts'

/**
 * Batches that are trained on in one run: `stepsPerRun` of them. What the epoch has left, and what comes before a checkpoint
 * is due, are runs of one: a checkpoint needs the state at its step, and single steps are made by one graph for any number.
 *
 * @param isDue - Whether a checkpoint is due after so many steps from now.
 */
export async function* inRuns(
  batches: AsyncIterable<Batch>,
  stepsPerRun: number,
  isDue: (ahead: number) => boolean,
): AsyncGenerator<readonly Batch[], void, undefined> {
  let run: Batch[] = []
  for await (const batch of batches) {
    run.push(batch)
    if (run.length < stepsPerRun && !isDue(run.length)) continue
    yield* run.length === stepsPerRun ? [run] : singly(run)
    run = []
  }
  yield* singly(run)
}

const singly = (batches: readonly Batch[]): Batch[][] => batches.map((batch) => [batch])

/** Notices hyperparameters that change while the batches of a run are reported: its steps have been made without that. */
export class RunGuard {
  readonly #before: string | undefined

  constructor(
    private readonly optimizer: { readonly paramGroups: readonly unknown[] },
    private readonly steps: number,
  ) {
    if (steps > 1) this.#before = this.#hyperparameters()
  }

  /** Throws {@link ArgumentError} where there are changes after batch `index` of the run, and it wasn't the last. */
  check(index: number): void {
    if (index >= this.steps - 1 || this.#hyperparameters() === this.#before) return
    throw new ArgumentError(
      `the optimizer's hyperparameters changed after batch ${index + 1} of the ${this.steps} of one run, whose other steps ` +
        `are made already: change them after the last batch of a run, or pass stepsPerRun: 1`,
    )
  }

  #hyperparameters(): string {
    return JSON.stringify(this.optimizer.paramGroups, (key, value: unknown) =>
      key === 'params' ? undefined : value,
    )
  }
}
