import { percent } from '../state/follow-run.ts'
import { best, phase, progress } from '../state/run.ts'

/** How far the training is, how fast, and how long it will take. */
export function TrainProgress() {
  const now = progress.value
  if (!now) return phase.value === 'preparing' ? <progress class="wide" aria-label="Getting ready" /> : null
  const { epoch, epochs, share, picturesPerSecond, secondsLeft } = now
  const isOver = phase.value === 'idle'
  return (
    <div class="progress">
      <progress class="wide" max={1} value={share} aria-label="Training" aria-valuetext={percent(share)} />
      <dl class="facts">
        <Fact name="Epoch" value={`${epoch + 1} of ${epochs}`} />
        <Fact name="Time left" value={isOver ? '–' : durationOf(secondsLeft)} />
        <Fact
          name="Pictures a second"
          value={picturesPerSecond >= 10 ? picturesPerSecond.toFixed(0) : picturesPerSecond.toFixed(1)}
        />
        <Fact name="Best so far" value={best.value ? percent(best.value.valAccuracy) : '–'} />
      </dl>
    </div>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

/** 75 → 1 min 15 s. */
export function durationOf(seconds: number | undefined): string {
  if (seconds === undefined) return '…'
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`
}
