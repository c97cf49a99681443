import { DTypeError, ShapeError } from '../core/errors.ts'
import { formatShape } from '../core/shape.ts'
import { Tensor } from '../core/tensor.ts'

/** What `Normalize` was given. */
export interface ChannelStatistics {
  /** Mean of each channel. */
  readonly mean: readonly number[]
  /** Standard deviation of each channel. */
  readonly std: readonly number[]
}

/**
 * Undoes `Normalize`: `x · std + mean`, clipped to 0 … 1, so that a batch can be looked at. The tutorial's `imshow`.
 *
 * @param images - Float32 `[…, C, H, W]`.
 * @throws {@link DTypeError} or {@link ShapeError} if `images` is something else or has another number of channels.
 */
export function denormalize(images: Tensor, { mean, std }: ChannelStatistics): Tensor<'float32'> {
  const { data, dtype, shape } = images
  if (!(data instanceof Float32Array)) throw new DTypeError(`images must be float32, not ${dtype}`)
  const [channels, height, width] = shape.slice(-3) as [number, number, number]
  if (shape.length < 3 || channels !== mean.length || channels !== std.length) {
    throw new ShapeError(
      `images ${formatShape(shape)} must be […, C, H, W] with as many channels as mean (${mean.length}) and std (${std.length})`,
    )
  }
  const plane = height * width
  const restored = data.map((value, index) => {
    const channel = Math.floor(index / plane) % channels
    return Math.min(Math.max(value * std[channel]! + mean[channel]!, 0), 1)
  })
  return new Tensor('float32', restored, shape)
}
