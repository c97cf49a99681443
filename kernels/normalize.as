/** Red, green and blue of four packed pixels as 32-bit numbers: in their order, and mirrored. */
const red = i8x16(0, -1, -1, -1, 3, -1, -1, -1, 6, -1, -1, -1, 9, -1, -1, -1)
const green = i8x16(1, -1, -1, -1, 4, -1, -1, -1, 7, -1, -1, -1, 10, -1, -1, -1)
const blue = i8x16(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1)
const mirroredRed = i8x16(9, -1, -1, -1, 6, -1, -1, -1, 3, -1, -1, -1, 0, -1, -1, -1)
const mirroredGreen = i8x16(10, -1, -1, -1, 7, -1, -1, -1, 4, -1, -1, -1, 1, -1, -1, -1)
const mirroredBlue = i8x16(11, -1, -1, -1, 8, -1, -1, -1, 5, -1, -1, -1, 2, -1, -1, -1)

const white = f32x4.splat(255)

/** (byte / 255 − mean) / std of four pixels, each step rounded to float32. */
function standardize(bytes: v128, mean: v128, std: v128): v128 {
  return f32x4.div(f32x4.sub(f32x4.div(f32x4.convert_i32x4_u(bytes), white), mean), std)
}

/**
 * Packed RGB pixels to three planes of float32, as ToTensor and Normalize do it. `parameters`: mean and std of red, of
 * green and of blue, as float32. `isMirrored`: each row from its end. `width` is at least 4; reads up to 4 bytes beyond
 * the pixels.
 */
export function normalize(
  source: usize,
  height: i32,
  width: i32,
  isMirrored: bool,
  parameters: usize,
  output: usize,
): void {
  const plane = (<usize>(height * width)) << 2
  const takeRed = isMirrored ? mirroredRed : red
  const takeGreen = isMirrored ? mirroredGreen : green
  const takeBlue = isMirrored ? mirroredBlue : blue
  const redMean = v128.load32_splat(parameters)
  const redStd = v128.load32_splat(parameters, 4)
  const greenMean = v128.load32_splat(parameters, 8)
  const greenStd = v128.load32_splat(parameters, 12)
  const blueMean = v128.load32_splat(parameters, 16)
  const blueStd = v128.load32_splat(parameters, 20)
  for (let y = 0; y < height; y++, source += width * 3, output += width << 2) {
    for (let x = 0; x < width; x += 4) {
      // The last four pixels of a row may overlap those before.
      const from = min(x, width - 4)
      const pixels = v128.load(source + from * 3)
      const to = output + ((isMirrored ? width - 4 - from : from) << 2)
      v128.store(to, standardize(i8x16.swizzle(pixels, takeRed), redMean, redStd))
      v128.store(to + plane, standardize(i8x16.swizzle(pixels, takeGreen), greenMean, greenStd))
      v128.store(to + plane * 2, standardize(i8x16.swizzle(pixels, takeBlue), blueMean, blueStd))
    }
  }
}
