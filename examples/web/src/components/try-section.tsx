import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import { checkPicture } from '../data/check-pictures.ts'
import { filesOfInput, filesOfPaste } from '../data/read-drop.ts'
import type { Prediction } from '../library/finished.ts'
import { classify } from '../library/finished.ts'
import { result } from '../state/result.ts'
import { messageOf } from '../state/notices.ts'
import { isBusy } from '../state/run.ts'
import { FileButton } from './file-button.tsx'
import { Probabilities } from './probabilities.tsx'
import { useObjectUrl } from './object-url.ts'
import { useDrop } from './use-drop.ts'
import { WebcamLive } from './webcam-live.tsx'

interface Tried {
  readonly picture: Blob
  readonly name: string
  readonly predictions: readonly Prediction[]
}

/** The finished model on other pictures. */
export function TrySection() {
  const tried = useSignal<Tried | undefined>(undefined)
  const problem = useSignal('')
  const isLooking = useSignal(false)
  const isWebcamOpen = useSignal(false)
  const isReady = result.value !== undefined && !isBusy.value
  const attempt = async (files: readonly { readonly path: string; readonly file: Blob }[]) => {
    const [first] = files
    if (!first) return
    problem.value = ''
    isLooking.value = true
    isWebcamOpen.value = false
    try {
      const checked = await checkPicture(first.file)
      if ('reason' in checked) throw new Error(checked.reason)
      tried.value = { picture: first.file, name: first.path, predictions: await classify(checked.file) }
    } catch (error) {
      tried.value = undefined
      problem.value = `${first.path}: ${messageOf(error)}`
    } finally {
      isLooking.value = false
    }
  }
  const { isOver, handlers } = useDrop((files) => void files.then(attempt), isReady)
  useEffect(() => {
    tried.value = undefined
  }, [result.value])
  return (
    <section
      id="try"
      class="card"
      aria-labelledby="try-title"
      tabIndex={-1}
      data-over={isOver}
      {...handlers}
      onPaste={(event: ClipboardEvent) => {
        if (!isReady || !event.clipboardData?.files.length) return
        event.preventDefault()
        void attempt(filesOfPaste(event.clipboardData))
      }}
    >
      <h2 id="try-title">
        <span class="step">4</span> Try
      </h2>
      {result.value ? (
        <p class="lead">Choose, drop or paste a picture, or hold something before the webcam.</p>
      ) : (
        <p class="lead">Once a training is done, its model looks at any picture here, or at the webcam.</p>
      )}
      <div class="buttons">
        <FileButton
          name="try"
          accept="image/*"
          class="primary"
          disabled={!isReady}
          onFiles={(files) => void attempt(filesOfInput(files))}
        >
          Choose a picture
        </FileButton>
        <button
          type="button"
          disabled={!isReady}
          aria-expanded={isWebcamOpen.value}
          onClick={() => (isWebcamOpen.value = !isWebcamOpen.value)}
        >
          {isWebcamOpen.value ? 'Close the webcam' : 'Webcam'}
        </button>
      </div>
      {isLooking.value && <p class="hint">Looking at it …</p>}
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      {isWebcamOpen.value && isReady && <WebcamLive size={result.value!.size} />}
      {tried.value && !isWebcamOpen.value && <TriedPicture {...tried.value} />}
    </section>
  )
}

function TriedPicture({ picture, name, predictions }: Tried) {
  const url = useObjectUrl(picture)
  return (
    <div class="tried">
      <img src={url} alt={name} />
      <Probabilities predictions={predictions} isLive={false} />
    </div>
  )
}
