/**
 * The two passes of a resize: weighted sums of source pixels in 32-bit integers. This is the data
 * pipeline's hottest code: hence typed arrays, no closures in loops, and loops unrolled where few pixels are
 * blended. Results go to a `Uint8ClampedArray`, which clips to 0 … 255 as Pillow's `clip8` does.
 */
import { sizeOfPicture, type Picture } from './picture.ts'
import { half, padWeights, precisionBits, type ResizeWeights } from './resize-weights.ts'

/** Bytes that clip what is written to them. */
export type ClampedBytes = Uint8ClampedArray<ArrayBuffer>

/** Resizes the rows `fromRow` … `fromRow + rows − 1` of `source` to as many pixels as there are weights. */
export function horizontalPass(
  source: Picture,
  weights: ResizeWeights,
  fromRow: number,
  rows: number,
): ClampedBytes {
  const [, width, channels] = sizeOfPicture(source)
  const output = new Uint8ClampedArray(rows * weights.first.length * channels)
  const base = source.offset + fromRow * source.stride[0]!
  const four = channels === 3 && source.stride[2] === 1 ? padWeights(weights, width, 4) : undefined
  if (four) blendFourRgb(source, base, rows, four, output)
  else if (channels === 3) blendManyRgb(source, base, rows, weights, output)
  else blendManyGrey(source, base, rows, weights, output)
  return output
}

/** Column by column, so that the four weights stay in registers: 1.5 times as fast as row by row. */
function blendFourRgb(
  { data, stride }: Picture,
  base: number,
  rows: number,
  { first, weights }: ResizeWeights,
  output: ClampedBytes,
): void {
  const rowStep = stride[0]!
  const pixelStep = stride[1]!
  const outputStep = first.length * 3
  for (let x = 0; x < first.length; x++) {
    const w0 = weights[x * 4]!
    const w1 = weights[x * 4 + 1]!
    const w2 = weights[x * 4 + 2]!
    const w3 = weights[x * 4 + 3]!
    let p0 = base + first[x]! * pixelStep
    for (let y = 0, o = x * 3; y < rows; y++, p0 += rowStep, o += outputStep) {
      const p1 = p0 + pixelStep
      const p2 = p1 + pixelStep
      const p3 = p2 + pixelStep
      output[o] = (half + data[p0]! * w0 + data[p1]! * w1 + data[p2]! * w2 + data[p3]! * w3) >> precisionBits
      output[o + 1] =
        (half + data[p0 + 1]! * w0 + data[p1 + 1]! * w1 + data[p2 + 1]! * w2 + data[p3 + 1]! * w3) >>
        precisionBits
      output[o + 2] =
        (half + data[p0 + 2]! * w0 + data[p1 + 2]! * w1 + data[p2 + 2]! * w2 + data[p3 + 2]! * w3) >>
        precisionBits
    }
  }
}

function blendManyRgb(
  { data, stride }: Picture,
  base: number,
  rows: number,
  { first, count, weights, stride: weightStride }: ResizeWeights,
  output: ClampedBytes,
): void {
  const pixelStep = stride[1]!
  const green = stride[2]!
  const blue = 2 * green
  for (let y = 0, o = 0; y < rows; y++, base += stride[0]!) {
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
  { data, stride }: Picture,
  base: number,
  rows: number,
  { first, count, weights, stride: weightStride }: ResizeWeights,
  output: ClampedBytes,
): void {
  const pixelStep = stride[1]!
  for (let y = 0, o = 0; y < rows; y++, base += stride[0]!) {
    for (let x = 0; x < first.length; x++) {
      let sum = half
      let p = base + first[x]! * pixelStep
      const end = x * weightStride + count[x]!
      for (let k = x * weightStride; k < end; k++, p += pixelStep) sum = (sum + data[p]! * weights[k]!) | 0
      output[o++] = sum >> precisionBits
    }
  }
}

/**
 * Resizes packed rows of `rowLength` bytes to as many rows as there are weights.
 *
 * @param fromRow - The row of the whole picture that `data` begins with: the weights count from the top.
 */
export function verticalPass(
  data: Uint8Array | ClampedBytes,
  rowLength: number,
  { first, count, weights, stride }: ResizeWeights,
  fromRow: number,
): ClampedBytes {
  const output = new Uint8ClampedArray(first.length * rowLength)
  const sums = new Int32Array(rowLength)
  for (let y = 0; y < first.length; y++) {
    const row = (first[y]! - fromRow) * rowLength
    const taps = weights.subarray(y * stride, y * stride + count[y]!)
    if (taps.length <= 4) blendFewRows(data, row, rowLength, taps, output, y * rowLength)
    else blendManyRows(data, row, taps, sums, output, y * rowLength)
  }
  return output
}

function blendFewRows(
  data: Uint8Array | ClampedBytes,
  r0: number,
  rowLength: number,
  taps: Int32Array,
  output: ClampedBytes,
  o: number,
): void {
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = taps
  // A row that isn't there has the weight 0: read the last one, which is in the cache, and not past the end.
  const last = r0 + (taps.length - 1) * rowLength
  const r1 = Math.min(r0 + rowLength, last)
  const r2 = Math.min(r1 + rowLength, last)
  const r3 = Math.min(r2 + rowLength, last)
  if (taps.length <= 2) {
    for (let i = 0; i < rowLength; i++) {
      output[o + i] = (half + data[r0 + i]! * w0 + data[r1 + i]! * w1) >> precisionBits
    }
  } else if (taps.length === 3) {
    for (let i = 0; i < rowLength; i++) {
      output[o + i] = (half + data[r0 + i]! * w0 + data[r1 + i]! * w1 + data[r2 + i]! * w2) >> precisionBits
    }
  } else {
    for (let i = 0; i < rowLength; i++) {
      output[o + i] =
        (half + data[r0 + i]! * w0 + data[r1 + i]! * w1 + data[r2 + i]! * w2 + data[r3 + i]! * w3) >>
        precisionBits
    }
  }
}

function blendManyRows(
  data: Uint8Array | ClampedBytes,
  row: number,
  taps: Int32Array,
  sums: Int32Array,
  output: ClampedBytes,
  o: number,
): void {
  sums.fill(half)
  for (let tap = 0; tap < taps.length; tap++, row += sums.length) {
    const w = taps[tap]!
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i]! + data[row + i]! * w) | 0
  }
  for (let i = 0; i < sums.length; i++) output[o + i] = sums[i]! >> precisionBits
}
