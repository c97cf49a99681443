/**
 * Brightness, contrast and saturation as PIL's ImageEnhance: each blends the picture with a duller one
 * (black, its mean grey, its greys), in float32.
 */
import { contiguous, picture, sizeOfPicture, type Picture } from '../picture.ts'
import { lumaOf } from './grayscale.ts'

const { fround } = Math

/** Blends with black. `factor` 0 is black, 1 the picture, above 1 brighter. */
export function adjustBrightness(source: Picture, factor: number): Picture {
  return blendWithGrey(source, 0, factor)
}

/** Blends with the picture's mean grey. `factor` 0 is grey, 1 the picture. */
export function adjustContrast(source: Picture, factor: number): Picture {
  const luma = lumaOf(source)
  let sum = 0
  for (const value of luma) sum += value
  return blendWithGrey(source, Math.trunc(sum / luma.length + 0.5), factor)
}

/** Blends with the picture in greys. `factor` 0 is grey, 1 the picture. */
export function adjustSaturation(source: Picture, factor: number): Picture {
  const [height, width, channels] = sizeOfPicture(source)
  const luma = lumaOf(source)
  const pixels = contiguous(source)
  const out = new Uint8Array(pixels.length)
  const alpha = fround(factor)
  for (let at = 0; at < out.length; at++) {
    out[at] = blend(luma[Math.trunc(at / channels)]!, pixels[at]!, alpha)
  }
  return picture(height, width, channels, out)
}

function blendWithGrey(source: Picture, grey: number, factor: number): Picture {
  const [height, width, channels] = sizeOfPicture(source)
  const alpha = fround(factor)
  const table = Uint8Array.from({ length: 256 }, (_, value) => blend(grey, value, alpha))
  return picture(
    height,
    width,
    channels,
    contiguous(source).map((value) => table[value]!),
  )
}

/** `from + alpha · (to − from)` in float32, clipped to a byte, its fraction cut off. */
function blend(from: number, to: number, alpha: number): number {
  const value = fround(from + fround(alpha * (to - from)))
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value)
}
