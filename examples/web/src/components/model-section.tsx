import { networks, type NetworkName } from '../library/networks.ts'
import { isBusy } from '../state/run.ts'
import { change, hints, problems, settings, type DeviceChoice, type Strategy } from '../state/settings.ts'
import { Select, TextField } from './field.tsx'
import { WeightsFields } from './weights-fields.tsx'

const strategies = [
  { value: 'whole', label: 'Whole network (better, slower)' },
  { value: 'head', label: 'Head only (fast)' },
]
const devices = [
  { value: 'auto', label: 'Automatic' },
  { value: 'webgpu', label: 'WebGPU (graphics processor)' },
  { value: 'wasm', label: 'WebAssembly (processor)' },
]

/** What is trained, and how. */
export function ModelSection() {
  const { network, strategy, epochs, learningRate, batchSize, size, augment, device } = settings.value
  const { value: wrong } = problems
  const { value: hint } = hints
  return (
    <section id="model" class="card" aria-labelledby="model-title">
      <h2 id="model-title">
        <span class="step">2</span> Settings
      </h2>
      <fieldset disabled={isBusy.value}>
        <legend class="visually-hidden">How to train</legend>
        <Select
          id="network"
          label="Network"
          choices={networks.map(({ name, label }) => ({ value: name, label }))}
          value={network}
          hint={hint.network}
          onChange={(value) => {
            change({ network: value as NetworkName })
          }}
        />
        {network !== 'small' && <WeightsFields />}
        <Select
          id="strategy"
          label="What learns"
          choices={strategies}
          value={strategy}
          onChange={(value) => {
            change({ strategy: value as Strategy })
          }}
        />
        <div class="fields">
          <TextField
            id="epochs"
            label="Epochs"
            inputMode="numeric"
            value={epochs}
            problem={wrong.epochs}
            onChange={(value) => {
              change({ epochs: value })
            }}
          />
          <TextField
            id="learning-rate"
            label="Learning rate"
            inputMode="decimal"
            value={learningRate}
            problem={wrong.learningRate}
            hint={hint.learningRate}
            onChange={(value) => {
              change({ learningRate: value })
            }}
          />
          <TextField
            id="batch-size"
            label="Batch size"
            inputMode="numeric"
            value={batchSize}
            problem={wrong.batchSize}
            onChange={(value) => {
              change({ batchSize: value })
            }}
          />
          <TextField
            id="size"
            label="Picture size"
            inputMode="numeric"
            value={size}
            problem={wrong.size}
            onChange={(value) => {
              change({ size: value })
            }}
          />
        </div>
        <Select
          id="device"
          label="Device"
          choices={devices}
          value={device}
          hint={deviceHint(device)}
          onChange={(value) => {
            change({ device: value as DeviceChoice })
          }}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={augment}
            onChange={(event) => {
              change({ augment: event.currentTarget.checked })
            }}
          />
          Vary the pictures (random crops and mirror images): it learns more from few
        </label>
      </fieldset>
    </section>
  )
}

function deviceHint(device: DeviceChoice): string | undefined {
  if (device === 'webgpu' && !('gpu' in navigator))
    return 'This browser has no WebGPU: take Automatic or WebAssembly.'
  if (device !== 'webgpu' && !crossOriginIsolated) {
    return 'This page’s server doesn’t isolate it, so WebAssembly runs on one thread only.'
  }
  return undefined
}
