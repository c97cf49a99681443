/**
 * What both passes of a resize share: weighted sums of pixels in 32-bit integers. The passes are the data
 * pipeline's hottest code: hence typed arrays, no closures in loops, and loops unrolled where few pixels are
 * blended. Results go to a `Uint8ClampedArray`, which clips to 0 … 255 as Pillow's `clip8` does.
 */

/** Bytes that clip what is written to them. */
export type ClampedBytes = Uint8ClampedArray<ArrayBuffer>

/** Sum of four pixels, `step` apart, by their weights; V8 inlines it. */
export function sumOfFour(
  data: Uint8Array | ClampedBytes,
  p: number,
  step: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): number {
  const q = p + 2 * step
  return data[p]! * w0 + data[p + step]! * w1 + data[q]! * w2 + data[q + step]! * w3
}
