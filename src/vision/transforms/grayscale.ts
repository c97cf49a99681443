import { ArgumentError } from '../../core/errors.ts'
import { picture, sizeOfPicture, type Picture } from '../picture.ts'
import { expectPicture } from './input.ts'
import type { Transform, TransformInput } from './transform.ts'

/**
 * A picture in shades of grey, with one channel or with three equal ones.
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.Grayscale.html
 */
export class Grayscale implements Transform {
  static readonly name: string = 'Grayscale'

  /** @throws {@link ArgumentError} unless `numOutputChannels` is 1 or 3. */
  constructor(readonly numOutputChannels: 1 | 3 = 1) {
    if (![1, 3].includes(numOutputChannels)) {
      throw new ArgumentError(`Grayscale: numOutputChannels must be 1 or 3, not ${numOutputChannels}`)
    }
  }

  toArguments(): readonly unknown[] {
    return [this.numOutputChannels]
  }

  /** @throws {@link ArgumentError} if the input is a tensor. */
  forward(input: TransformInput): Picture {
    const source = expectPicture(input, 'Grayscale')
    const luma = lumaOf(source)
    const [height, width] = sizeOfPicture(source)
    const grey = new Uint8Array(luma.length * this.numOutputChannels)
    for (let pixel = 0, to = 0; pixel < luma.length; pixel++) {
      for (let c = 0; c < this.numOutputChannels; c++) grey[to++] = luma[pixel]!
    }
    return picture(height, width, this.numOutputChannels, grey)
  }
}

/** Brightness of each pixel, row by row, as PIL's `convert('L')`: ITU-R 601-2 in 16-bit fixed point. */
export function lumaOf(source: Picture): Uint8Array {
  const { data, offset, stride } = source
  const [height, width, channels] = sizeOfPicture(source)
  const [rowStep, pixelStep, channelStep] = stride as [number, number, number]
  const luma = new Uint8Array(height * width)
  for (let y = 0, to = 0; y < height; y++) {
    let at = offset + y * rowStep
    for (let x = 0; x < width; x++, at += pixelStep) {
      luma[to++] = channels === 1 ? data[at]! : luma601(data, at, channelStep)
    }
  }
  return luma
}

function luma601(data: Uint8Array, at: number, step: number): number {
  return (data[at]! * 19595 + data[at + step]! * 38470 + data[at + 2 * step]! * 7471 + 0x8000) >> 16
}
