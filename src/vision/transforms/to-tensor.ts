import { allocate as allocateNew } from '../../core/dtype.ts'
import type { Generator } from '../../core/generator.ts'
import { sizeOf } from '../../core/shape.ts'
import { Tensor } from '../../core/tensor.ts'
import type { Allocate } from '../../data/dataset.ts'
import { normalizeBySimd, type ChannelStatistics } from '../kernels/normalize-simd.ts'
import { sizeOfPicture, type Picture } from '../picture.ts'
import { expectPicture } from './input.ts'
import type { Normalize } from './normalize.ts'
import type { Transform, TransformInput } from './transform.ts'

/** What becomes of a channel's bytes: by a table of the 256 float32 values, or by arithmetic where SIMD is there. */
interface ByteMap {
  readonly statistics: ChannelStatistics
  readonly table: Float32Array
}

const unit: ByteMap = {
  statistics: [0, 1],
  table: Float32Array.from({ length: 256 }, (_, byte) => byte / 255),
}

/**
 * A picture `[H, W, C]` of bytes as a float32 tensor `[C, H, W]` from 0 to 1: each byte divided by 255 in
 * float32, as PyTorch does, bit for bit.
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.ToTensor.html
 */
export class ToTensor implements Transform {
  static readonly name: string = 'ToTensor'

  toArguments(): readonly unknown[] {
    return []
  }

  /** @throws {@link ArgumentError} if the input is a tensor already. */
  forward(input: TransformInput, _generator?: Generator, allocate?: Allocate): Tensor<'float32'> {
    return convert(expectPicture(input, 'ToTensor'), [unit, unit, unit], allocate)
  }
}

/**
 * `ToTensor` and the `Normalize` after it in one pass: both are functions of a byte, so their composition is
 * one, too, with the same bits.
 */
export class NormalizedToTensor implements Transform {
  static readonly name: string = 'NormalizedToTensor'

  readonly #maps: readonly ByteMap[]

  constructor(readonly normalize: Normalize) {
    this.#maps = [0, 1, 2].map((c) => {
      const [mean, std] = normalize.channel(c)
      return { statistics: [mean, std], table: unit.table.map((value) => Math.fround(value - mean) / std) }
    })
  }

  forward(input: TransformInput, _generator?: Generator, allocate?: Allocate): Tensor<'float32'> {
    const source = expectPicture(input, 'ToTensor')
    this.normalize.checkChannels(source.shape[2]!, source.shape)
    return convert(source, this.#maps, allocate)
  }
}

/** `[C, H, W]` from `[H, W, C]` of up to three channels. */
function convert(
  source: Picture,
  maps: readonly ByteMap[],
  allocate: Allocate = (dtype, shape) => allocateNew(dtype, sizeOf(shape)),
): Tensor<'float32'> {
  const [height, width, channels] = sizeOfPicture(source)
  const shape = [channels, height, width]
  const data = allocate('float32', shape)
  const statistics = maps.map((map) => map.statistics)
  if (!normalizeBySimd(source, statistics, data)) {
    for (let c = 0; c < channels; c++) {
      lookUpChannel(source, c, maps[c]!.table, data.subarray(c * height * width))
    }
  }
  return new Tensor('float32', data, shape)
}

function lookUpChannel(source: Picture, channel: number, table: Float32Array, out: Float32Array): void {
  const { data, offset, shape, stride } = source
  const height = shape[0]!
  const width = shape[1]!
  const [rowStep, pixelStep, channelStep] = stride as [number, number, number]
  for (let y = 0, to = 0; y < height; y++) {
    let from = offset + channel * channelStep + y * rowStep
    for (const end = to + width; to < end; to++, from += pixelStep) out[to] = table[data[from]!]!
  }
}
