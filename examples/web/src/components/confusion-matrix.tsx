import { confusionOf } from '../library/outputs.ts'
import type { Review } from '../state/run.ts'

/** Which class is taken for which. */
export function ConfusionMatrix({ review }: { readonly review: Review }) {
  const { classes, judgements } = review
  const table = confusionOf(judgements, classes.length)
  return (
    <div class="block">
      <h3 id="confusion-title">What is taken for what</h3>
      {/* Reachable by keyboard, since it may have to be scrolled. */}
      <div class="scroll" role="region" aria-labelledby="confusion-title" tabIndex={0}>
        <table class="confusion">
          <caption class="visually-hidden">
            Confusion matrix: rows are what pictures are, columns what they are taken for
          </caption>
          <thead>
            <tr>
              <td class="corner">is ↓ taken for →</td>
              {classes.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.map((row, label) => (
              <tr key={classes[label]}>
                <th scope="row">{classes[label]}</th>
                {row.map((value, predicted) => (
                  <Cell key={predicted} value={value} isRight={label === predicted} total={sum(row)} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

function Cell({
  value,
  isRight,
  total,
}: {
  readonly value: number
  readonly isRight: boolean
  readonly total: number
}) {
  const share = total === 0 ? 0 : value / total
  return (
    <td data-right={isRight} data-none={value === 0} style={{ '--share': `${Math.round(15 + 60 * share)}%` }}>
      {value}
    </td>
  )
}

function sum(row: readonly number[]): number {
  return row.reduce((total, value) => total + value, 0)
}
