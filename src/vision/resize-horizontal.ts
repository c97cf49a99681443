/** The first pass of a resize: every row to its new width. */
import { sizeOfPicture, type Picture } from './picture.ts'
import { sumOfFour, type ClampedBytes } from './resize-sums.ts'
import { half, padWeights, precisionBits, type ResizeWeights } from './resize-weights.ts'

const largestScratch = 16 * 2 ** 20
let scratch: ClampedBytes = new Uint8ClampedArray()

/** Memory between the passes, used again: fresh pages cost as much time as the arithmetic. */
function scratchOf(size: number): ClampedBytes {
  if (size > largestScratch) return new Uint8ClampedArray(size)
  if (scratch.length < size) scratch = new Uint8ClampedArray(size)
  return scratch.subarray(0, size)
}

/**
 * Resizes every row of `source` to as many pixels as there are weights.
 * The result is only good until the next call: its memory is used again.
 */
export function horizontalPass(source: Picture, weights: ResizeWeights): ClampedBytes {
  const [rows, width, channels] = sizeOfPicture(source)
  const output = scratchOf(rows * weights.first.length * channels)
  const isRgb = channels === 3 && source.stride[2] === 1
  const four = isRgb ? padWeights(weights, width, 4) : undefined
  const eight = isRgb && !four ? padWeights(weights, width, 8) : undefined
  if (four) blendFourRgb(source, rows, four, output)
  else if (eight) blendEightRgb(source, rows, eight, output)
  else if (channels === 3) blendManyRgb(source, rows, weights, output)
  else blendManyGrey(source, rows, weights, output)
  return output
}

/** Column by column, so that the weights stay in registers: 1.5 times as fast as row by row. */
function blendFourRgb(
  { data, offset, stride }: Picture,
  rows: number,
  { first, weights }: ResizeWeights,
  output: ClampedBytes,
): void {
  const rowStep = stride[0]!
  const step = stride[1]!
  const outputStep = first.length * 3
  for (let x = 0; x < first.length; x++) {
    const w0 = weights[x * 4]!
    const w1 = weights[x * 4 + 1]!
    const w2 = weights[x * 4 + 2]!
    const w3 = weights[x * 4 + 3]!
    let p = offset + first[x]! * step
    for (let y = 0, o = x * 3; y < rows; y++, p += rowStep, o += outputStep) {
      output[o] = (half + sumOfFour(data, p, step, w0, w1, w2, w3)) >> precisionBits
      output[o + 1] = (half + sumOfFour(data, p + 1, step, w0, w1, w2, w3)) >> precisionBits
      output[o + 2] = (half + sumOfFour(data, p + 2, step, w0, w1, w2, w3)) >> precisionBits
    }
  }
}

function blendEightRgb(
  { data, offset, stride }: Picture,
  rows: number,
  { first, weights }: ResizeWeights,
  output: ClampedBytes,
): void {
  const rowStep = stride[0]!
  const step = stride[1]!
  const outputStep = first.length * 3
  for (let x = 0; x < first.length; x++) {
    const w0 = weights[x * 8]!
    const w1 = weights[x * 8 + 1]!
    const w2 = weights[x * 8 + 2]!
    const w3 = weights[x * 8 + 3]!
    const w4 = weights[x * 8 + 4]!
    const w5 = weights[x * 8 + 5]!
    const w6 = weights[x * 8 + 6]!
    const w7 = weights[x * 8 + 7]!
    let p = offset + first[x]! * step
    for (let y = 0, o = x * 3; y < rows; y++, p += rowStep, o += outputStep) {
      for (let c = 0; c < 3; c++) {
        const left = sumOfFour(data, p + c, step, w0, w1, w2, w3)
        const right = sumOfFour(data, p + c + 4 * step, step, w4, w5, w6, w7)
        output[o + c] = (half + left + right) >> precisionBits
      }
    }
  }
}

function blendManyRgb(
  { data, offset, stride }: Picture,
  rows: number,
  { first, count, weights, stride: weightStride }: ResizeWeights,
  output: ClampedBytes,
): void {
  const pixelStep = stride[1]!
  const green = stride[2]!
  const blue = 2 * green
  for (let y = 0, o = 0; y < rows; y++) {
    const base = offset + y * stride[0]!
    for (let x = 0; x < first.length; x++, o += 3) {
      let r = half
      let g = half
      let b = half
      let p = base + first[x]! * pixelStep
      const end = x * weightStride + count[x]!
      for (let k = x * weightStride; k < end; k++, p += pixelStep) {
        const w = weights[k]!
        r = (r + data[p]! * w) | 0
        g = (g + data[p + green]! * w) | 0
        b = (b + data[p + blue]! * w) | 0
      }
      output[o] = r >> precisionBits
      output[o + 1] = g >> precisionBits
      output[o + 2] = b >> precisionBits
    }
  }
}

function blendManyGrey(
  { data, offset, stride }: Picture,
  rows: number,
  { first, count, weights, stride: weightStride }: ResizeWeights,
  output: ClampedBytes,
): void {
  const pixelStep = stride[1]!
  for (let y = 0, o = 0; y < rows; y++) {
    const base = offset + y * stride[0]!
    for (let x = 0; x < first.length; x++) {
      let sum = half
      let p = base + first[x]! * pixelStep
      const end = x * weightStride + count[x]!
      for (let k = x * weightStride; k < end; k++, p += pixelStep) sum = (sum + data[p]! * weights[k]!) | 0
      output[o++] = sum >> precisionBits
    }
  }
}
