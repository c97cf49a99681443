/**
 * `ToTensor` and `Normalize` of packed RGB pixels in WebAssembly SIMD. The same bits as the table of JavaScript: each step
 * rounds to float32, and a quotient of float32 numbers is the same whether it is rounded to float64 before or not.
 */
import { sizeOfPicture, type Picture } from '../picture.ts'
import { kernelsWithMemory } from './memory.ts'

/** Mean and standard deviation of a channel, in float32. */
export type ChannelStatistics = readonly [mean: number, std: number]

/** Writes the planes of `source` into `out`; false where the kernel can't, as for grey pictures. */
export function normalizeBySimd(
  source: Picture,
  statistics: readonly ChannelStatistics[],
  out: Float32Array,
): boolean {
  const [height, width, channels] = sizeOfPicture(source)
  const [rowStep, pixelStep, channelStep] = source.stride as [number, number, number]
  const isMirrored = pixelStep === -3
  if (channels !== 3 || (pixelStep !== 3 && !isMirrored) || channelStep !== 1 || width < 4) return false
  const rowLength = width * 3
  const sourceAt = 6 * 4
  const outputAt = (sourceAt + height * rowLength + 4 + 15) & ~15
  const kernel = kernelsWithMemory(outputAt + out.length * 4)
  if (!kernel) return false
  const { buffer } = kernel.memory
  new Float32Array(buffer, 0, 6).set(statistics.flat())
  const bytes = new Uint8Array(buffer)
  let from = source.offset - (isMirrored ? rowLength - 3 : 0)
  for (let at = sourceAt, y = 0; y < height; y++, at += rowLength, from += rowStep) {
    bytes.set(source.data.subarray(from, from + rowLength), at)
  }
  kernel.normalize(sourceAt, height, width, isMirrored ? 1 : 0, 0, outputAt)
  out.set(new Float32Array(buffer, outputAt, out.length))
  return true
}
