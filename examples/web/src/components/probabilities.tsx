import type { Prediction } from '../library/finished.ts'

/** At most so many classes are shown. */
const most = 8

/** A bar for each class, the most probable first; live ones keep their places. */
export function Probabilities({
  predictions,
  isLive,
}: {
  readonly predictions: readonly Prediction[]
  readonly isLive: boolean
}) {
  const shown = predictions.slice(0, most)
  if (isLive) shown.sort((a, b) => a.index - b.index)
  return (
    <ul class="bars" aria-label="Probabilities" aria-live={isLive ? 'off' : 'polite'}>
      {shown.map(({ label, index, probability }) => (
        <li key={index} data-first={label === predictions[0]!.label} data-probability={probability}>
          <span class="label">{label}</span>
          <span class="bar" aria-hidden="true">
            <span style={{ transform: `scaleX(${probability})` }} />
          </span>
          <span class="value">{(100 * probability).toFixed(1)} %</span>
        </li>
      ))}
    </ul>
  )
}
