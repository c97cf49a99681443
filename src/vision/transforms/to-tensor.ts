import { Tensor } from '../../core/tensor.ts'
import { sizeOfPicture, type Picture } from '../picture.ts'
import { expectPicture } from './input.ts'
import type { Normalize } from './normalize.ts'
import type { Transform, TransformInput } from './transform.ts'

/** The 256 float32 values that a byte can become. */
export type ByteTable = Float32Array<ArrayBuffer>

const unitTable: ByteTable = Float32Array.from({ length: 256 }, (_, byte) => byte / 255)

/**
 * A picture `[H, W, C]` of bytes as a float32 tensor `[C, H, W]` from 0 to 1: each byte divided by 255 in
 * float32, as PyTorch does, bit for bit.
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.ToTensor.html
 */
export class ToTensor implements Transform {
  toArguments(): readonly unknown[] {
    return []
  }

  /** @throws {@link ArgumentError} if the input is a tensor already. */
  forward(input: TransformInput): Tensor<'float32'> {
    return lookUp(expectPicture(input, 'ToTensor'), [unitTable])
  }
}

/**
 * `ToTensor` and the `Normalize` after it in one pass: both are functions of a byte, so their composition is
 * a table for each channel, with the same bits.
 */
export class NormalizedToTensor implements Transform {
  readonly #tables: readonly ByteTable[]

  constructor(readonly normalize: Normalize) {
    const channels = Math.max(normalize.mean.length, normalize.std.length)
    this.#tables = Array.from({ length: channels }, (_, c) => {
      const [mean, std] = normalize.channel(c)
      return unitTable.map((value) => Math.fround(value - mean) / std)
    })
  }

  forward(input: TransformInput): Tensor<'float32'> {
    const source = expectPicture(input, 'ToTensor')
    this.normalize.checkChannels(source.shape[2]!, source.shape)
    return lookUp(source, this.#tables)
  }
}

/** `[C, H, W]` from `[H, W, C]` through one table for all channels, or one for each. */
function lookUp(source: Picture, tables: readonly ByteTable[]): Tensor<'float32'> {
  const [height, width, channels] = sizeOfPicture(source)
  const data = new Float32Array(channels * height * width)
  for (let c = 0; c < channels; c++) {
    lookUpChannel(source, c, tables[c] ?? tables[0]!, data.subarray(c * height * width))
  }
  return new Tensor('float32', data, [channels, height, width])
}

function lookUpChannel(source: Picture, channel: number, table: ByteTable, out: Float32Array): void {
  const { data, offset, shape, stride } = source
  const height = shape[0]!
  const width = shape[1]!
  const [rowStep, pixelStep, channelStep] = stride as [number, number, number]
  for (let y = 0, to = 0; y < height; y++) {
    let from = offset + channel * channelStep + y * rowStep
    for (const end = to + width; to < end; to++, from += pixelStep) out[to] = table[data[from]!]!
  }
}
