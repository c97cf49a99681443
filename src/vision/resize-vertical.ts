/** The second pass of a resize: to the new number of rows. */
import { sumOfFour, type ClampedBytes } from './resize-sums.ts'
import { half, precisionBits, type ResizeWeights } from './resize-weights.ts'

/**
 * Resizes packed rows of `rowLength` bytes to as many rows as there are weights.
 */
export function verticalPass(
  data: Uint8Array | ClampedBytes,
  rowLength: number,
  { first, count, weights, stride }: ResizeWeights,
): ClampedBytes {
  const output = new Uint8ClampedArray(first.length * rowLength)
  const sums = new Int32Array(rowLength)
  for (let y = 0; y < first.length; y++) {
    const row = first[y]! * rowLength
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
  const r1 = r0 + (taps.length > 1 ? rowLength : 0)
  if (taps.length <= 2) {
    for (let i = 0; i < rowLength; i++) {
      output[o + i] = (half + data[r0 + i]! * w0 + data[r1 + i]! * w1) >> precisionBits
    }
  } else if (taps.length === 3) {
    const r2 = r1 + rowLength
    for (let i = 0; i < rowLength; i++) {
      output[o + i] = (half + data[r0 + i]! * w0 + data[r1 + i]! * w1 + data[r2 + i]! * w2) >> precisionBits
    }
  } else {
    for (let i = 0; i < rowLength; i++) {
      output[o + i] = (half + sumOfFour(data, r0 + i, rowLength, w0, w1, w2, w3)) >> precisionBits
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
  const rowLength = sums.length
  sums.fill(half)
  let tap = 0
  for (; tap + 4 <= taps.length; tap += 4, row += 4 * rowLength) {
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = taps.subarray(tap, tap + 4)
    for (let i = 0; i < rowLength; i++) {
      sums[i] = (sums[i]! + sumOfFour(data, row + i, rowLength, w0, w1, w2, w3)) | 0
    }
  }
  for (; tap < taps.length; tap++, row += rowLength) {
    const w = taps[tap]!
    for (let i = 0; i < rowLength; i++) sums[i] = (sums[i]! + data[row + i]! * w) | 0
  }
  for (let i = 0; i < rowLength; i++) output[o + i] = sums[i]! >> precisionBits
}
