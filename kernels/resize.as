/**
 * Both passes of a resize of packed RGB pixels, as src/vision/resize-horizontal.ts and resize-vertical.ts do them, in
 * 128-bit SIMD. A weight of 22 fraction bits is split into its high part and its 12 low bits, since the instruction
 * that multiplies and adds pairs takes 16-bit numbers; the sums are those of 32-bit arithmetic to the bit.
 */

/** Takes pixels 0 and 1 out of packed RGB, as pairs of 16-bit numbers: r0 r1 g0 g1 b0 b1 0 0. */
const firstPair = i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1)
/** Likewise pixels 2 and 3. */
const secondPair = i8x16(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1)

const precisionBits: i32 = 22
const lowBits: i32 = 12
const half: i32 = 1 << (precisionBits - 1)

function finish(high: v128, low: v128): v128 {
  return i32x4.shr_s(i32x4.add(i32x4.shl(high, lowBits), low), precisionBits)
}

/**
 * Every row to `width` pixels. `first`: the byte of a row where each output pixel's sources begin. `weights`: for
 * each output pixel `quads` times four weights, as 16-bit numbers h0 h1 l0 l1 h2 h3 l2 l3. Reads up to 12 · quads + 4
 * bytes from each `first`, and writes one byte more than the pixels.
 */
export function horizontal(
  source: usize,
  rowStep: i32,
  rows: i32,
  first: usize,
  weights: usize,
  quads: i32,
  width: i32,
  output: usize,
): void {
  const zero = i64x2(0, 0)
  const start = i32x4.splat(half)
  for (let y = 0; y < rows; y++, source += rowStep) {
    let w = weights
    for (let x = 0; x < width; x++, output += 3) {
      let p = source + load<i32>(first + ((<usize>x) << 2))
      let high = zero
      let low = start
      for (let q = 0; q < quads; q++, p += 12, w += 16) {
        const pixels = v128.load(p)
        const a = i8x16.swizzle(pixels, firstPair)
        const b = i8x16.swizzle(pixels, secondPair)
        high = i32x4.add(high, i32x4.dot_i16x8_s(a, v128.load32_splat(w)))
        low = i32x4.add(low, i32x4.dot_i16x8_s(a, v128.load32_splat(w, 4)))
        high = i32x4.add(high, i32x4.dot_i16x8_s(b, v128.load32_splat(w, 8)))
        low = i32x4.add(low, i32x4.dot_i16x8_s(b, v128.load32_splat(w, 12)))
      }
      const narrow = i16x8.narrow_i32x4_s(finish(high, low), zero)
      v128.store32_lane(output, i8x16.narrow_i16x8_u(narrow, narrow), 0)
    }
  }
}

/**
 * To `rows` rows of `rowLength` bytes. `first`: each output row's first source row. `weights`: for each output row
 * `pairs` times two weights, h0 h1 l0 l1. Reads 2 · pairs rows from each `first`, and reads and writes up to 15 bytes
 * beyond a row.
 */
export function vertical(
  source: usize,
  rowLength: i32,
  first: usize,
  weights: usize,
  pairs: i32,
  rows: i32,
  output: usize,
): void {
  const zero = i64x2(0, 0)
  const start = i32x4.splat(half)
  for (let y = 0; y < rows; y++, output += rowLength) {
    const w0 = weights + (<usize>(y * pairs)) * 8
    const row = source + load<i32>(first + ((<usize>y) << 2)) * rowLength
    for (let x = 0; x < rowLength; x += 16) {
      let h0 = zero, h1 = zero, h2 = zero, h3 = zero
      let l0 = start, l1 = start, l2 = start, l3 = start
      let p = row + x
      let w = w0
      for (let k = 0; k < pairs; k++, p += rowLength << 1, w += 8) {
        const upper = v128.load(p)
        const lower = v128.load(p + rowLength)
        const left = i8x16.shuffle(upper, lower, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
        const right = i8x16.shuffle(upper, lower, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
        const a = i16x8.extend_low_i8x16_u(left)
        const b = i16x8.extend_high_i8x16_u(left)
        const c = i16x8.extend_low_i8x16_u(right)
        const d = i16x8.extend_high_i8x16_u(right)
        const wh = v128.load32_splat(w)
        const wl = v128.load32_splat(w, 4)
        h0 = i32x4.add(h0, i32x4.dot_i16x8_s(a, wh))
        l0 = i32x4.add(l0, i32x4.dot_i16x8_s(a, wl))
        h1 = i32x4.add(h1, i32x4.dot_i16x8_s(b, wh))
        l1 = i32x4.add(l1, i32x4.dot_i16x8_s(b, wl))
        h2 = i32x4.add(h2, i32x4.dot_i16x8_s(c, wh))
        l2 = i32x4.add(l2, i32x4.dot_i16x8_s(c, wl))
        h3 = i32x4.add(h3, i32x4.dot_i16x8_s(d, wh))
        l3 = i32x4.add(l3, i32x4.dot_i16x8_s(d, wl))
      }
      const left = i16x8.narrow_i32x4_s(finish(h0, l0), finish(h1, l1))
      const right = i16x8.narrow_i32x4_s(finish(h2, l2), finish(h3, l3))
      v128.store(output + x, i8x16.narrow_i16x8_u(left, right))
    }
  }
}
