import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

import { takeIn } from '../state/import.ts'
import { frameOf, useWebcam } from './use-webcam.ts'

/** Between two frames of a burst, in ms: long enough for them to differ. */
const interval = 150
const longestEdge = 480

/** The webcam, and a button: as long as it is held, frames become pictures of the class. */
export function WebcamBurst({ className }: { readonly className: string }) {
  const { video, problem, isReady } = useWebcam()
  const taken = useSignal(0)
  const timer = useRef<ReturnType<typeof setInterval> | undefined>(undefined)
  const take = () => {
    frameOf(video.current!, longestEdge).toBlob(
      (file) => {
        if (!file) return
        taken.value++
        const path = `webcam-${new Date().toISOString().replace(/[:.]/g, '-')}.jpg`
        void takeIn([{ path, file }], className)
      },
      'image/jpeg',
      0.92,
    )
  }
  const begin = () => {
    if (timer.current !== undefined) return
    take()
    timer.current = setInterval(take, interval)
  }
  const end = () => {
    clearInterval(timer.current)
    timer.current = undefined
  }
  useEffect(() => end, [])
  if (problem.value !== undefined) return <p class="problem">{problem.value}</p>
  return (
    <div class="webcam">
      <video ref={video} muted playsInline aria-label="What the webcam sees" />
      <button
        type="button"
        class="primary"
        disabled={!isReady.value}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          begin()
        }}
        onPointerUp={end}
        onPointerCancel={end}
        onKeyDown={(event) => {
          if (event.key === ' ' || event.key === 'Enter') {
            event.preventDefault()
            begin()
          }
        }}
        onKeyUp={end}
        onBlur={end}
      >
        Hold to take pictures
      </button>
      <span role="status">{taken.value > 0 && `${taken.value} taken`}</span>
    </div>
  )
}
