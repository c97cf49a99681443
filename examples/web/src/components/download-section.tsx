import { downloadModel } from '../library/finished.ts'
import { percent } from '../state/follow-run.ts'
import { notifyError } from '../state/notices.ts'
import { result } from '../state/result.ts'
import { isBusy } from '../state/run.ts'
import { Snippets } from './snippets.tsx'

/** The model as files, and code that uses them. */
export function DownloadSection() {
  const isReady = result.value !== undefined && !isBusy.value
  return (
    <section id="download" class="card" aria-labelledby="download-title">
      <h2 id="download-title">
        <span class="step">5</span> Download
      </h2>
      {result.value ? (
        <p class="lead">
          The model tells {listOf(result.value.classes)} apart, and got {percent(result.value.accuracy)} of
          the validation pictures right. Class names and preprocessing are in the files.
        </p>
      ) : (
        <p class="lead">Once a training is done, its model can be had as a file here.</p>
      )}
      <div class="buttons">
        <button type="button" class="primary" disabled={!isReady} onClick={() => void save('onnx')}>
          Download .onnx
        </button>
        <button type="button" disabled={!isReady} onClick={() => void save('safetensors')}>
          Download .safetensors
        </button>
      </div>
      {result.value && <Snippets classes={result.value.classes} />}
    </section>
  )
}

async function save(kind: 'onnx' | 'safetensors'): Promise<void> {
  try {
    await downloadModel(kind, 'model')
  } catch (error) {
    notifyError(error)
  }
}

function listOf(names: readonly string[]): string {
  return new Intl.ListFormat('en').format(names)
}
