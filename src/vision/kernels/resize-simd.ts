/**
 * A resize of packed RGB pixels in WebAssembly SIMD: about six times as fast as the same sums in JavaScript, which
 * stay for where WebAssembly or its SIMD is missing or forbidden, and for other pictures.
 */
import { sizeOfPicture, type Picture } from '../picture.ts'
import type { ResizeWeights } from '../resize-weights.ts'
import { kernelsWithMemory } from './memory.ts'

const lowBits = 12
const lowMask = (1 << lowBits) - 1

/** The picture of `height` × `width` that the weights make of `source`; `undefined` where the kernels can't. */
export function resizeBySimd(
  source: Picture,
  across: ResizeWeights,
  down: ResizeWeights,
): Uint8Array<ArrayBuffer> | undefined {
  const [rows, columns, channels] = sizeOfPicture(source)
  if (channels !== 3 || source.stride[1] !== 3 || source.stride[2] !== 1) return undefined
  const [quads, pairs] = [groups(across, 4), groups(down, 2)]
  const width = across.first.length
  const height = down.first.length
  const rowLength = columns * 3
  const downAt = tableBytes(across, quads * 4)
  const sourceAt = downAt + tableBytes(down, pairs * 2)
  const betweenAt = sourceAt + rows * rowLength + quads * 12 + 16
  const outputAt = betweenAt + (rows + pairs * 2) * width * 3 + 16
  const kernel = kernelsWithMemory(outputAt + height * width * 3 + 16)
  if (!kernel) return undefined
  const bytes = new Uint8Array(kernel.memory.buffer)
  writeWeights(kernel.memory, 0, across, quads * 4, 3)
  writeWeights(kernel.memory, downAt, down, pairs * 2, 1)
  for (let y = 0, from = source.offset; y < rows; y++, from += source.stride[0]!) {
    bytes.set(source.data.subarray(from, from + rowLength), sourceAt + y * rowLength)
  }
  kernel.horizontal(sourceAt, rowLength, rows, 0, width * 4, quads, width, betweenAt)
  kernel.vertical(betweenAt, width * 3, downAt, downAt + height * 4, pairs, height, outputAt)
  return bytes.slice(outputAt, outputAt + height * width * 3)
}

/** How many groups of `size` weights the position with the most of them needs. */
function groups({ count }: ResizeWeights, size: number): number {
  return Math.ceil(count.reduce((most, taps) => Math.max(most, taps), 0) / size)
}

function tableBytes({ first }: ResizeWeights, taps: number): number {
  return first.length * 4 * (1 + taps)
}

/** For each position its first source (times `unit`); then for all the weights, high and low halves of each two. */
function writeWeights(
  memory: WebAssembly.Memory,
  at: number,
  { first, count, weights, stride }: ResizeWeights,
  taps: number,
  unit: number,
): void {
  const words = new Int32Array(memory.buffer, at, first.length * (1 + taps))
  let to = first.length
  for (let position = 0; position < first.length; position++) {
    words[position] = first[position]! * unit
    for (let tap = 0; tap < taps; tap += 2) {
      const a = tap < count[position]! ? weights[position * stride + tap]! : 0
      const b = tap + 1 < count[position]! ? weights[position * stride + tap + 1]! : 0
      words[to++] = ((a >> lowBits) & 0xffff) | ((b >> lowBits) << 16)
      words[to++] = (a & lowMask) | ((b & lowMask) << 16)
    }
  }
}
