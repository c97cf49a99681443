import { result } from '../state/result.ts'
import { announcement, device, epochRows, isBusy, phase, review, status } from '../state/run.ts'
import { ConfusionMatrix } from './confusion-matrix.tsx'
import { Curves } from './curves.tsx'
import { EpochTable } from './epoch-table.tsx'
import { Mistakes } from './mistakes.tsx'
import { PredictionGrid } from './prediction-grid.tsx'
import { TrainButtons } from './train-buttons.tsx'
import { TrainProgress } from './train-progress.tsx'

/** Training, and all that can be seen of it. */
export function TrainSection() {
  return (
    <section id="train" class="card" aria-labelledby="train-title">
      <h2 id="train-title">
        <span class="step">3</span> Train
      </h2>
      <TrainButtons />
      <p class="visually-hidden" role="status">
        {announcement.value}
      </p>
      <p class="status" data-phase={phase.value}>
        {status.value}
      </p>
      <DeviceInUse />
      {!isBusy.value && result.value && epochRows.value.length > 0 && (
        <p class="next">
          Now <a href="#try">try the model</a> on other pictures, or <a href="#download">download</a> it.
        </p>
      )}
      <TrainProgress />
      <Curves />
      {epochRows.value.length > 0 && <EpochTable />}
      {review.value && (
        <>
          <PredictionGrid review={review.value} />
          <ConfusionMatrix review={review.value} />
          <Mistakes review={review.value} />
        </>
      )}
    </section>
  )
}

function DeviceInUse() {
  if (!device.value) return isBusy.value ? <p class="device">&nbsp;</p> : null
  const { name, reason } = device.value
  return (
    <p class="device">
      Runs on <strong>{names[name] ?? name}</strong> <span class="reason">({reason})</span>
    </p>
  )
}

const names: Readonly<Record<string, string>> = { webgpu: 'WebGPU', wasm: 'WebAssembly' }
