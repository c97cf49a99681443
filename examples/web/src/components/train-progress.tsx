import { percent } from '../state/follow-run.ts'
import { best, phase, progress, type Progress } from '../state/run.ts'

/** How far the training is, how fast, and how long it will take. */
export function TrainProgress() {
  const now = progress.value
  const isOver = phase.value === 'idle'
  // All of it is there from the start: what comes in later would push down what is read.
  if (!now && isOver) return null
  return (
    <div class="progress">
      {now ? (
        <progress max={1} value={now.share} aria-label="Training" aria-valuetext={percent(now.share)} />
      ) : (
        <progress aria-label="Getting ready" />
      )}
      <dl class="facts">
        <Fact name="Epoch" value={now ? `${now.epoch + 1} of ${now.epochs}` : '…'} />
        <Fact name="Time left" value={isOver ? '–' : durationOf(now?.secondsLeft)} />
        <Fact name="Pictures a second" value={now ? speedOf(now) : '…'} />
        <Fact name="Best so far" value={best.value ? percent(best.value.valAccuracy) : '–'} />
      </dl>
    </div>
  )
}

function speedOf({ picturesPerSecond }: Progress): string {
  if (picturesPerSecond === 0) return '…'
  return picturesPerSecond.toFixed(picturesPerSecond >= 10 ? 0 : 1)
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
