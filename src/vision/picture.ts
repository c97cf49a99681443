/**
 * Pictures: 8-bit pixels `[height, width, channels]` as strided views, so that cropping and flipping move
 * no memory. They enter by `decodeImage`, go through transforms, and leave by `ToTensor` or an encoder.
 */
import { ArgumentError, ShapeError } from '../core/errors.ts'
import { formatShape } from '../core/shape.ts'
import { StridedView } from '../core/strided-view.ts'

/**
 * 8-bit pixels of the shape `[height, width, channels]`: 3 channels are red, green, blue; 1 is grey.
 * A strided view: read pixels by `get(y, x, c)`, or take packed bytes by {@link contiguous}.
 */
export type Picture = StridedView<Uint8Array<ArrayBuffer>>

/**
 * A picture over `data` (packed, row by row; kept, not copied), or a black one.
 *
 * @throws {@link ShapeError} if a size is no integer ≥ 1, `channels` is not 1 or 3, or `data` has another length.
 */
export function picture(
  height: number,
  width: number,
  channels: number,
  data?: Uint8Array<ArrayBuffer>,
): Picture {
  const shape = [height, width, channels]
  const sizes = shape.every((size) => Number.isInteger(size) && size >= 1)
  if (!sizes || (channels !== 1 && channels !== 3)) {
    throw new ShapeError(
      `a picture has the shape [height ≥ 1, width ≥ 1, 1 or 3 channels], not ${formatShape(shape)}`,
    )
  }
  const size = height * width * channels
  if (data && data.length !== size) {
    throw new ShapeError(`a picture ${formatShape(shape)} needs ${size} bytes, but ${data.length} were given`)
  }
  return new StridedView(data ?? new Uint8Array(size), shape)
}

/** Height, width and channels of a picture, typed. */
export function sizeOfPicture({
  shape,
}: Picture): readonly [height: number, width: number, channels: number] {
  return [shape[0]!, shape[1]!, shape[2]!]
}

/**
 * The part of a picture that starts at row `top` and column `left`: a view of the same memory.
 *
 * @throws {@link ArgumentError} if the part is empty or not wholly inside (pad first: see `Pad`).
 */
export function crop(source: Picture, top: number, left: number, height: number, width: number): Picture {
  const [fullHeight, fullWidth, channels] = sizeOfPicture(source)
  const whole = [top, left, height, width].every((number) => Number.isInteger(number))
  const fits = top >= 0 && left >= 0 && top + height <= fullHeight && left + width <= fullWidth
  if (!whole || !fits || height < 1 || width < 1) {
    throw new ArgumentError(
      `can't crop ${height} × ${width} (height × width) at row ${top}, column ${left} out of a picture of ` +
        `${fullHeight} × ${fullWidth}: the crop must be whole pixels inside of it`,
    )
  }
  const offset = source.offset + top * source.stride[0]! + left * source.stride[1]!
  return new StridedView(source.data, [height, width, channels], source.stride, offset)
}

/** Mirrored left to right: a view of the same memory. */
export function flipHorizontal(source: Picture): Picture {
  return flip(source, 1)
}

/** Mirrored top to bottom: a view of the same memory. */
export function flipVertical(source: Picture): Picture {
  return flip(source, 0)
}

function flip(source: Picture, axis: 0 | 1): Picture {
  const stride = [...source.stride]
  const offset = source.offset + (source.shape[axis]! - 1) * stride[axis]!
  stride[axis] = -stride[axis]!
  return new StridedView(source.data, source.shape, stride, offset)
}

/** Whether the pixels lie in memory row by row without gaps. */
export function isPacked({ shape, stride }: Picture): boolean {
  return hasPackedRows(shape, stride) && stride[0] === shape[1]! * shape[2]!
}

function hasPackedRows(shape: readonly number[], stride: readonly number[]): boolean {
  return stride[2] === 1 && stride[1] === shape[2]
}

/**
 * The bytes of a picture, row by row without gaps. A picture that is packed already gives its own memory,
 * others a copy: don't write into the result unless you own the picture.
 */
export function contiguous(source: Picture): Uint8Array<ArrayBuffer> {
  const { data, offset, shape, stride } = source
  const [height, width, channels] = sizeOfPicture(source)
  const rowLength = width * channels
  if (isPacked(source)) return data.subarray(offset, offset + height * rowLength)
  const packed = new Uint8Array(height * rowLength)
  for (let y = 0; y < height; y++) {
    const from = offset + y * stride[0]!
    if (hasPackedRows(shape, stride)) packed.set(data.subarray(from, from + rowLength), y * rowLength)
    else copyRow(source, from, packed, y * rowLength)
  }
  return packed
}

function copyRow(source: Picture, from: number, packed: Uint8Array, to: number): void {
  const { data, stride } = source
  const [, width, channels] = sizeOfPicture(source)
  const pixelStep = stride[1]!
  const channelStep = stride[2]!
  for (let x = 0; x < width; x++, from += pixelStep) {
    for (let c = 0, at = from; c < channels; c++, at += channelStep) packed[to++] = data[at]!
  }
}
