import { useSignal, type Signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import { classify, type Prediction } from '../library/finished.ts'
import { messageOf } from '../state/notices.ts'
import { Probabilities } from './probabilities.tsx'
import { frameOf, useWebcam } from './use-webcam.ts'

/** At most so many looks a second: more can't be read. */
const between = 100

/** What the webcam sees, and what the model takes it for, again and again. */
export function WebcamLive({ size }: { readonly size: number }) {
  const { video, problem, isReady } = useWebcam()
  const predictions = useSignal<readonly Prediction[]>([])
  useEffect(() => {
    if (!isReady.value) return undefined
    const stop = new AbortController()
    look(video.current!, 2 * size, predictions, stop.signal).catch((error: unknown) => {
      problem.value = messageOf(error)
    })
    return () => {
      stop.abort()
    }
  }, [isReady.value, size])
  return (
    <div class="tried">
      {problem.value === undefined ? (
        <video ref={video} muted playsInline aria-label="What the webcam sees" />
      ) : (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      {predictions.value.length > 0 && <Probabilities predictions={predictions.value} isLive />}
    </div>
  )
}

async function look(
  video: HTMLVideoElement,
  longest: number,
  predictions: Signal<readonly Prediction[]>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const began = performance.now()
    const canvas = frameOf(video, longest)
    predictions.value = await classify(
      canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height),
    )
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, between - (performance.now() - began))))
  }
}
