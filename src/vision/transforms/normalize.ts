import { ArgumentError, DTypeError, ShapeError } from '../../core/errors.ts'
import { formatShape, type Shape } from '../../core/shape.ts'
import { Tensor } from '../../core/tensor.ts'
import { describeInput, expectTensor } from './input.ts'
import { format } from './options.ts'
import type { Transform, TransformInput } from './transform.ts'

const { fround } = Math

/**
 * `(x − mean[c]) / std[c]` for each channel c, in float32 steps as PyTorch takes them: the same bits.
 *
 * Takes a float32 tensor `[…, C, H, W]`, gives a new one. Directly after `ToTensor` in a `Compose` both
 * become one pass over the picture.
 *
 * @example
 * ```ts
 * import { transforms as T } from 'onnx-finetune'
 *
 * new T.Compose([new T.ToTensor(), new T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
 * ```
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.Normalize.html
 */
export class Normalize implements Transform {
  static readonly name: string = 'Normalize'

  readonly mean: readonly number[]
  readonly std: readonly number[]

  /**
   * @param mean - One number for all channels, or one for each.
   * @param std - Likewise; the divisor, not the variance.
   * @throws {@link ArgumentError} if a `std` is 0 in float32, or anything is no finite number.
   */
  constructor(mean: number | readonly number[], std: number | readonly number[]) {
    this.mean = parseChannels(mean, 'mean')
    this.std = parseChannels(std, 'std')
    if (this.std.includes(0)) {
      throw new ArgumentError(`Normalize: std ${format(std)} has a 0 (in float32): it is what is divided by`)
    }
    if (this.mean.length > 1 && this.std.length > 1 && this.mean.length !== this.std.length) {
      throw new ArgumentError(`Normalize: mean has ${this.mean.length} channels, std ${this.std.length}`)
    }
  }

  toArguments(): readonly unknown[] {
    return [this.mean, this.std]
  }

  /** @throws {@link ArgumentError}, {@link DTypeError} or {@link ShapeError} for what is no such tensor. */
  forward(input: TransformInput): Tensor<'float32'> {
    const tensor = expectTensor(input, 'Normalize')
    if (!isFloat32(tensor)) {
      throw new DTypeError(`Normalize works on float32 tensors, but was given ${describeInput(input)}`)
    }
    const channels = this.#channelsOf(tensor.shape)
    const planeSize = tensor.shape.at(-2)! * tensor.shape.at(-1)!
    const data = new Float32Array(tensor.size)
    for (let plane = 0, start = 0; start < data.length; plane++, start += planeSize) {
      const [mean, std] = this.channel(plane % channels)
      for (let at = start; at < start + planeSize; at++) data[at] = fround(tensor.data[at]! - mean) / std
    }
    return new Tensor('float32', data, tensor.shape)
  }

  /** Mean and standard deviation of channel `c`. */
  channel(c: number): readonly [mean: number, std: number] {
    return [this.mean[c] ?? this.mean[0]!, this.std[c] ?? this.std[0]!]
  }

  /** Throws {@link ShapeError} unless there are as many means and deviations as `channels`, or just one. */
  checkChannels(channels: number, shape: Shape): void {
    const expected = Math.max(this.mean.length, this.std.length)
    if (expected === 1 || expected === channels) return
    throw new ShapeError(
      `Normalize has ${expected} channels, but the input ${formatShape(shape)} has ${channels}: ` +
        'give as many means and deviations, or convert the pictures (Grayscale, or convert to RGB)',
    )
  }

  #channelsOf(shape: Shape): number {
    if (shape.length < 3) {
      throw new ShapeError(
        `Normalize needs a tensor […, C, H, W], not one of the shape ${formatShape(shape)}`,
      )
    }
    const channels = shape.at(-3)!
    this.checkChannels(channels, shape)
    return channels
  }
}

function parseChannels(values: number | readonly number[], name: string): readonly number[] {
  const list = typeof values === 'number' ? [values] : [...values]
  if (list.length > 0 && list.every(Number.isFinite)) return list.map(fround)
  throw new ArgumentError(
    `Normalize: ${name} must be a finite number or one for each channel, not ${format(values)}`,
  )
}

function isFloat32(tensor: Tensor): tensor is Tensor<'float32'> {
  return tensor.dtype === 'float32'
}
