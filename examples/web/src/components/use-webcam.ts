import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

/** The webcam's picture in a `<video>`, from when the component is shown until it isn't. */
export function useWebcam() {
  const video = useRef<HTMLVideoElement>(null)
  const problem = useSignal<string | undefined>(undefined)
  const isReady = useSignal(false)
  useEffect(() => {
    let stream: MediaStream | undefined
    let isGone = false
    openWebcam()
      .then(async (opened) => {
        stream = opened
        const shown = video.current
        // The element goes a moment before this effect ends.
        if (isGone || !shown) {
          stopStream(opened)
          return
        }
        shown.srcObject = opened
        await shown.play()
        isReady.value = true
      })
      .catch((error: unknown) => {
        if (!isGone) problem.value = explained(error)
      })
    return () => {
      isGone = true
      if (stream) stopStream(stream)
    }
  }, [])
  return { video, problem, isReady }
}

function openWebcam(): Promise<MediaStream> {
  // Not there on pages without https.
  const devices = navigator.mediaDevices as MediaDevices | undefined
  if (!devices) return Promise.reject(new Error('Webcams work on pages with https:// only.'))
  return devices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 } } })
}

function stopStream(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}

function explained(error: unknown): string {
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'NotAllowedError')
    return 'The webcam was not allowed: allow it in the browser’s address bar, and open it again.'
  if (name === 'NotFoundError') return 'There is no webcam.'
  if (name === 'NotReadableError')
    return 'The webcam is in use by another program: close that one, and open it again.'
  return (error as Error).message
}

/** What the webcam shows now, no larger than the network needs. */
export function frameOf(video: HTMLVideoElement, longest: number): HTMLCanvasElement {
  const scale = Math.min(1, longest / Math.max(video.videoWidth, video.videoHeight))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(scale * video.videoWidth)
  canvas.height = Math.round(scale * video.videoHeight)
  canvas.getContext('2d')!.drawImage(video, 0, 0, canvas.width, canvas.height)
  return canvas
}
