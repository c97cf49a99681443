import { ImageError } from '../core/errors.ts'
import type { DrawnPixels } from './platform.ts'

/** Width and height of what a canvas can draw, by their names: an element's own are those that it is shown with. */
const sizes = [
  ['videoWidth', 'videoHeight'],
  ['naturalWidth', 'naturalHeight'],
  ['displayWidth', 'displayHeight'],
  ['width', 'height'],
] as const

/** The pixels of a canvas, an `ImageBitmap`, a `VideoFrame`, or of what a video or an image shows; `undefined` for others. */
export function drawnPixels(input: object): DrawnPixels | undefined {
  if (!isDrawable(input)) return undefined
  const drawable = input as CanvasImageSource & Readonly<Record<string, unknown>>
  const [wide, high] = sizes.find(([name]) => name in drawable)!
  const [width, height] = [Number(drawable[wide]), Number(drawable[high])]
  if (!(width > 0 && height > 0)) {
    throw new ImageError(
      'the picture has no pixels yet: wait for the event loadeddata of a video, or for decode() of an image',
    )
  }
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!
  context.drawImage(drawable, 0, 0, width, height)
  try {
    return { data: context.getImageData(0, 0, width, height).data, width, height }
  } catch (cause) {
    throw new ImageError(
      'a page may not see the pixels of another server: give the element crossOrigin = "anonymous" before its src, and let the ' +
        'server allow that (CORS)',
      undefined,
      { cause },
    )
  }
}

const drawables = [
  'HTMLCanvasElement',
  'OffscreenCanvas',
  'ImageBitmap',
  'HTMLVideoElement',
  'HTMLImageElement',
  'VideoFrame',
]

/** Workers lack some of the classes. */
function isDrawable(input: object): boolean {
  const classes = globalThis as unknown as Readonly<Record<string, (new () => object) | undefined>>
  return drawables.some((name) => classes[name] !== undefined && input instanceof classes[name])
}
