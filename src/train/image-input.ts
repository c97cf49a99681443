import { drawnPixels, readFile } from '#platform'

import { ArgumentError, ImageError } from '../core/errors.ts'
import { bytesOfInput, nameOfInput } from '../io/file-input.ts'
import { decodeImageAsync } from '../vision/decode.ts'
import { contiguous, picture, sizeOfPicture, type Picture } from '../vision/picture.ts'

/** The pixels of a canvas, `ImageData`: red, green, blue, alpha. */
export interface CanvasPixels {
  readonly data: Uint8ClampedArray | Uint8Array
  readonly width: number
  readonly height: number
}

/**
 * What a {@link Predictor} takes for a picture: a path (in a page a URL, too), a JPEG or PNG file or its bytes, or pixels; in a page
 * also a canvas, an `ImageBitmap`, an image, a `VideoFrame`, or a video for what it shows right now.
 */
export type ImageInput = string | Uint8Array | Blob | Picture | CanvasPixels | Drawable

/** What a page can draw: the browser's own types, here by what they have in common, since Node's have none. */
export type Drawable =
  | { getContext(kind: '2d'): unknown }
  | { readonly width: number; readonly height: number; close(): void }
  | { readonly videoWidth: number; readonly videoHeight: number }
  | { readonly naturalWidth: number; readonly naturalHeight: number }
  | { readonly displayWidth: number; readonly displayHeight: number }

/**
 * The picture `[H, W, 3]` that is meant.
 *
 * @throws {@link ImageError} if it can't be decoded, {@link FileSystemError} if it can't be read, {@link ArgumentError} for
 * what is no picture.
 */
export async function readImage(input: ImageInput, signal?: AbortSignal): Promise<Picture> {
  if (typeof input === 'string') return decodeImageAsync(await readFile(input, signal), { source: input })
  if (input instanceof Uint8Array) return decodeImageAsync(input)
  if (input instanceof Blob) return fromFile(input, signal)
  if (isPixels(input)) return fromPixels(input)
  if (isPicture(input)) return withThreeChannels(input)
  const drawn = drawnPixels(Object(input) as object)
  if (drawn) return fromPixels(drawn)
  throw new ArgumentError(
    `a picture is a path, a JPEG or PNG file or its bytes, a Picture, ImageData or, in a page, what it can draw, not ${describe(input)}`,
  )
}

async function fromFile(file: Blob, signal: AbortSignal | undefined): Promise<Picture> {
  const source = nameOfInput(file, 'the picture')
  return decodeImageAsync(await bytesOfInput(file, source, signal), { source })
}

function isPixels(input: unknown): input is CanvasPixels {
  const { data, width, height } = Object(input) as Partial<CanvasPixels>
  const isBytes = data instanceof Uint8ClampedArray || data instanceof Uint8Array
  return isBytes && typeof width === 'number' && typeof height === 'number'
}

function isPicture(input: unknown): input is Picture {
  const { data, shape, stride } = Object(input) as Partial<Picture>
  return data instanceof Uint8Array && shape?.length === 3 && Array.isArray(stride)
}

/** The alpha channel is dropped, as it is in files. */
function fromPixels({ data, width, height }: CanvasPixels): Picture {
  if (data.length !== width * height * 4) {
    throw new ImageError(
      `ImageData of ${width} × ${height} needs ${width * height * 4} bytes (red, green, blue, alpha), not ${data.length}`,
    )
  }
  const out = picture(height, width, 3)
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let c = 0; c < 3; c++) out.data[pixel * 3 + c] = data[pixel * 4 + c]!
  }
  return out
}

/** Grey becomes three equal channels. */
function withThreeChannels(given: Picture): Picture {
  const [height, width, channels] = sizeOfPicture(given)
  if (channels === 3) return given
  if (channels !== 1) {
    throw new ImageError(`a picture has 1 or 3 channels, [height, width, channels], not ${channels}`)
  }
  const grey = contiguous(given)
  const out = picture(height, width, 3)
  for (let at = 0; at < out.data.length; at++) out.data[at] = grey[Math.floor(at / 3)]!
  return out
}

function describe(input: unknown): string {
  if (typeof input !== 'object' || input === null) return String(input)
  return `a ${input.constructor.name}`
}
