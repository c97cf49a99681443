/**
 * Affine maps of pixels as PIL's `Image.transform`: nearest in 16.16 fixed point where that can hold the
 * coordinates, bilinear in float64. Which arithmetic is taken decides ties between pixels, so it is kept.
 */
import { sizeOfPicture, type Picture } from '../picture.ts'

/** `[a, b, c, d, e, f]`: the source's pixel at (a·x + b·y + c, d·x + e·y + f) goes to (x, y). */
export type AffineMatrix = [number, number, number, number, number, number]

/** The filters of affine maps. */
export type AffineInterpolation = 'nearest' | 'bilinear'

/** Writes those pixels of `out` whose origin lies inside of `source`; leaves the others. `out` is packed. */
export function mapAffine(
  source: Picture,
  out: Picture,
  matrix: AffineMatrix,
  interpolation: AffineInterpolation,
): void {
  if (interpolation === 'bilinear') mapBilinear(source, out, matrix)
  else if (isFixedPoint(matrix, out)) mapNearestFixed(source, out, matrix)
  else mapNearest(source, out, matrix)
}

/** PIL scales without shear in floating point, and so whatever 16 bits before the point can't hold. */
function isFixedPoint([a, b, c, d, e, f]: AffineMatrix, out: Picture): boolean {
  if (b === 0 && d === 0) return false
  const [height, width] = sizeOfPicture(out)
  const corners: readonly (readonly [number, number])[] = [
    [0, 0],
    [width, height],
    [0, height],
    [width, 0],
  ]
  return corners.every(([x, y]) => Math.abs(x * a + y * b + c) < 32768 && Math.abs(x * d + y * e + f) < 32768)
}

function mapNearestFixed(source: Picture, out: Picture, matrix: AffineMatrix): void {
  const fix = (value: number) => Math.floor(value * 65536 + 0.5)
  const [a, b, c, d, e, f] = matrix
  const origin = [fix(c + a * 0.5 + b * 0.5), fix(f + d * 0.5 + e * 0.5)] as const
  walk(out, origin, [fix(a), fix(d)], [fix(b), fix(e)], (to, x, y) => {
    copyPixel(source, x >> 16, y >> 16, out, to)
  })
}

function mapNearest(source: Picture, out: Picture, [a, b, c, d, e, f]: AffineMatrix): void {
  const origin = [c + b * 0.5 + a * 0.5, f + e * 0.5 + d * 0.5] as const
  walk(out, origin, [a, d], [b, e], (to, x, y) => {
    copyPixel(source, Math.floor(x), Math.floor(y), out, to)
  })
}

/** Visits `out`'s pixels with their coordinates in the source, summed up step by step as PIL does. */
function walk(
  out: Picture,
  [originX, originY]: readonly [number, number],
  columnStep: readonly [number, number],
  rowStep: readonly [number, number],
  visit: (to: number, x: number, y: number) => void,
): void {
  const [height, width, channels] = sizeOfPicture(out)
  for (let row = 0, to = 0; row < height; row++) {
    let x = originX
    let y = originY
    for (let column = 0; column < width; column++, to += channels) {
      visit(to, x, y)
      x += columnStep[0]
      y += columnStep[1]
    }
    originX += rowStep[0]
    originY += rowStep[1]
  }
}

function copyPixel(source: Picture, x: number, y: number, out: Picture, to: number): void {
  const [height, width, channels] = sizeOfPicture(source)
  if (x < 0 || x >= width || y < 0 || y >= height) return
  const at = source.index(y, x, 0)
  for (let c = 0; c < channels; c++) out.data[to + c] = source.data[at + c * source.stride[2]!]!
}

function mapBilinear(source: Picture, out: Picture, [a, b, c, d, e, f]: AffineMatrix): void {
  const [height, width, channels] = sizeOfPicture(out)
  for (let row = 0, to = 0; row < height; row++) {
    for (let column = 0; column < width; column++, to += channels) {
      const x = column + 0.5
      const y = row + 0.5
      interpolate(source, a * x + b * y + c, d * x + e * y + f, out, to)
    }
  }
}

function interpolate(source: Picture, x: number, y: number, out: Picture, to: number): void {
  const { data, offset, shape, stride } = source
  const height = shape[0]!
  const width = shape[1]!
  if (x < 0 || x >= width || y < 0 || y >= height) return
  const left = Math.floor(x - 0.5)
  const top = Math.floor(y - 0.5)
  const dx = x - 0.5 - left
  const dy = y - 0.5 - top
  const upper = offset + Math.max(top, 0) * stride[0]!
  const lower = offset + Math.min(top + 1, height - 1) * stride[0]!
  const x0 = Math.max(left, 0) * stride[1]!
  const x1 = Math.min(left + 1, width - 1) * stride[1]!
  for (let channel = 0, step = 0; channel < shape[2]!; channel++, step += stride[2]!) {
    const above = mix(data[upper + x0 + step]!, data[upper + x1 + step]!, dx)
    const below = mix(data[lower + x0 + step]!, data[lower + x1 + step]!, dx)
    out.data[to + channel] = mix(above, below, dy)
  }
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share
}
