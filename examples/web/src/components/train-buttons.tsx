import { useRef } from 'preact/hooks'

import { dataKey, dataProblem } from '../state/data.ts'
import { goOn, pause, start, stop, unpause } from '../state/control.ts'
import { epochRows, keptRun, phase, type KeptRun } from '../state/run.ts'
import { problems } from '../state/settings.ts'
import { useKeptFocus } from './use-kept-focus.ts'

/** What can be done about the training now. */
export function TrainButtons() {
  const box = useRef<HTMLDivElement>(null)
  // The first does no harm where Enter is pressed once more: “Train anew” would.
  useKeptFocus(box, 'the first')
  return <div ref={box}>{phase.value === 'idle' ? <Idle /> : <Busy now={phase.value} />}</div>
}

function Busy({ now }: { readonly now: keyof typeof texts }) {
  return (
    <div class="buttons">
      {now === 'paused' || now === 'pausing' ? (
        <button type="button" class="primary" onClick={unpause}>
          Continue
        </button>
      ) : (
        <button type="button" disabled={now !== 'training'} onClick={pause}>
          Pause
        </button>
      )}
      <button type="button" disabled={now === 'stopping' || now === 'saving'} onClick={stop}>
        Stop
      </button>
      <span class="phase">{texts[now]}</span>
    </div>
  )
}

const texts = {
  preparing: 'Getting ready …',
  training: '',
  pausing: 'Pausing after this batch …',
  paused: 'Paused',
  stopping: 'Stopping; what was learnt is being saved …',
  saving: 'Saving the model …',
} as const

function Idle() {
  const problem =
    dataProblem.value ??
    (Object.keys(problems.value).length > 0 ? 'Mend the settings that are marked.' : undefined)
  const run = keptRun.value
  const canGoOn = run && !run.isFinished && run.dataKey === dataKey.value
  return (
    <>
      <div class="buttons">
        {canGoOn && (
          <button type="button" class="primary" onClick={() => void goOn()}>
            Go on with the last training
          </button>
        )}
        <button
          type="button"
          class={canGoOn ? '' : 'primary'}
          disabled={problem !== undefined}
          aria-describedby="train-problem"
          onClick={() => void start()}
        >
          {canGoOn ? 'Train anew' : 'Train'}
        </button>
      </div>
      <p id="train-problem" class="hint">
        {problem ?? (run && !run.isFinished && aboutUnfinished(run, canGoOn === true))}
      </p>
    </>
  )
}

function aboutUnfinished({ settings }: KeptRun, canGoOn: boolean): string {
  if (!canGoOn) return 'The last training can’t be gone on with: its pictures have changed.'
  const done = epochRows.value.length
  return `The last training ended early: ${done} of its ${settings.epochs} epochs are done.`
}
