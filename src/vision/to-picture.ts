import { DTypeError, ShapeError } from '../core/errors.ts'
import { formatShape } from '../core/shape.ts'
import type { Tensor } from '../core/tensor.ts'
import { picture, type Picture } from './picture.ts'

const { fround, max, min, trunc } = Math

/**
 * A float32 tensor `[C, H, W]` of values from 0 to 1 as a picture: times 255, rounded, clipped.
 *
 * @throws {@link DTypeError} or {@link ShapeError} if it is none, or has other than 1 or 3 channels.
 */
export function toPicture(tensor: Tensor): Picture {
  const { data, dtype, shape } = tensor
  if (!(data instanceof Float32Array)) {
    throw new DTypeError(`a picture is made of a float32 tensor, not of ${dtype}`)
  }
  if (shape.length !== 3) throw new ShapeError(`a picture is made of [C, H, W], not of ${formatShape(shape)}`)
  const [channels, height, width] = shape as [number, number, number]
  const out = picture(height, width, channels)
  const plane = height * width
  for (let at = 0; at < data.length; at++) {
    const value = fround(fround(data[at]! * 255) + 0.5)
    out.data[(at % plane) * channels + trunc(at / plane)] = min(max(value, 0), 255)
  }
  return out
}
