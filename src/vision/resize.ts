/** Resizing a picture to the very bytes that Pillow gives. */
import { ArgumentError } from '../core/errors.ts'
import { contiguous, crop, picture, sizeOfPicture, type Picture } from './picture.ts'
import { resizeBySimd } from './kernels/resize-simd.ts'
import { horizontalPass } from './resize-horizontal.ts'
import { verticalPass } from './resize-vertical.ts'
import { resizeWeights, type ResizeFilter } from './resize-weights.ts'

/** How pixels are blended; `nearest` takes one and blends none. */
export type Interpolation = 'nearest' | ResizeFilter

/** Options of {@link resize}. */
export interface ResizeOptions {
  /** The filter; the default is `'bilinear'`, antialiased when shrinking, as Pillow's always are. */
  readonly interpolation?: Interpolation | undefined
  /**
   * Resize only the part `[top, left, height, width]`, as if it had been cropped before: the filter does not
   * see beyond its edges. The default is the whole picture.
   */
  readonly box?: readonly [top: number, left: number, height: number, width: number] | undefined
}

/**
 * A picture resized to `height` × `width` pixels, byte for byte as `PIL.Image.resize((width, height))`.
 *
 * @returns A new, packed picture; or where the size is the same already, `source` itself or a view of it.
 * @throws {@link ArgumentError} if a size is no integer ≥ 1, the filter is unknown, or `box` is not inside.
 * @see https://pillow.readthedocs.io/en/stable/reference/Image.html#PIL.Image.Image.resize
 *
 * @example
 * ```ts
 * import { decodeImage, resize } from 'onnx-finetune'
 *
 * declare const bytes: Uint8Array
 * const small = resize(decodeImage(bytes), 224, 224, { interpolation: 'bicubic' })
 * ```
 */
export function resize(source: Picture, height: number, width: number, options: ResizeOptions = {}): Picture {
  const { interpolation = 'bilinear', box } = options
  if (![height, width].every((size) => Number.isInteger(size) && size >= 1)) {
    throw new ArgumentError(`can't resize to ${height} × ${width} (height × width): give integers ≥ 1`)
  }
  const part = box ? crop(source, ...box) : source
  if (part.shape[0] === height && part.shape[1] === width) return part
  switch (interpolation) {
    case 'nearest':
      return nearest(part, height, width)
    case 'bilinear':
    case 'bicubic':
    case 'lanczos':
      return blend(part, height, width, interpolation)
    default:
      throw new ArgumentError(
        `there is no interpolation '${String(interpolation)}': use 'nearest', 'bilinear', 'bicubic' or 'lanczos'`,
      )
  }
}

/** First the width, then the height, each rounded to bytes, as in Pillow; a size that stays needs no pass. */
function blend(source: Picture, height: number, width: number, filter: ResizeFilter): Picture {
  const [fullHeight, fullWidth, channels] = sizeOfPicture(source)
  const across = width === fullWidth ? undefined : resizeWeights(fullWidth, width, filter)
  const down = height === fullHeight ? undefined : resizeWeights(fullHeight, height, filter)
  const fast = across && down && resizeBySimd(source, across, down)
  if (fast) return picture(height, width, channels, fast)
  const rows = across ? horizontalPass(source, across) : contiguous(source)
  // Without a second pass, the first one's memory has to be left behind.
  const pixels = down ? verticalPass(rows, width * channels, down) : rows.slice()
  return picture(height, width, channels, new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length))
}

function nearest(source: Picture, height: number, width: number): Picture {
  const { data, offset, stride } = source
  const [fullHeight, fullWidth, channels] = sizeOfPicture(source)
  const rows = nearestPositions(fullHeight, height)
  const columns = nearestPositions(fullWidth, width)
  const output = new Uint8Array(height * width * channels)
  let to = 0
  for (let y = 0; y < height; y++) {
    const row = offset + rows[y]! * stride[0]!
    for (let x = 0; x < width; x++) {
      const from = row + columns[x]! * stride[1]!
      for (let c = 0; c < channels; c++) output[to++] = data[from + c * stride[2]!]!
    }
  }
  return picture(height, width, channels, output)
}

/** Pillow's affine transform adds up the step, and so do its rounding errors: a product would differ. */
function nearestPositions(inputSize: number, outputSize: number): Int32Array {
  const step = inputSize / outputSize
  const positions = new Int32Array(outputSize)
  let at = step * 0.5
  for (let index = 0; index < outputSize; index++, at += step) {
    positions[index] = Math.min(Math.trunc(at), inputSize - 1)
  }
  return positions
}
