/**
 * Hue as PIL's conversions to HSV and back see it: 8 bits for each of hue, saturation and value. Which steps
 * are taken in float32 and which in float64 follows its C code: the last bit of the result depends on it.
 */
import { contiguous, picture, sizeOfPicture, type Picture } from '../picture.ts'

const { floor, fround, max, min, round, trunc } = Math

/** Turns the hue by `factor` of the circle, −0.5 … 0.5. A grey picture has none and stays as it is. */
export function adjustHue(source: Picture, factor: number): Picture {
  const [height, width, channels] = sizeOfPicture(source)
  if (channels === 1) return source
  const out = contiguous(source).slice()
  const shift = trunc(factor * 255)
  for (let at = 0; at < out.length; at += 3) turnHue(out, at, shift)
  return picture(height, width, channels, out)
}

function turnHue(pixels: Uint8Array, at: number, shift: number): void {
  const r = pixels[at]!
  const g = pixels[at + 1]!
  const b = pixels[at + 2]!
  const value = max(r, g, b)
  const chroma = value - min(r, g, b)
  if (chroma === 0) return
  const hue = (byteOf(hueOf(r, g, b, value, chroma)) + shift) & 255
  const saturation = byteOf(fround(chroma / value))
  writeHsv(pixels, at, hue, saturation, value)
}

/** Hue from 0 to 1, as Python's colorsys. */
function hueOf(r: number, g: number, b: number, value: number, chroma: number): number {
  const rc = fround((value - r) / chroma)
  const gc = fround((value - g) / chroma)
  const bc = fround((value - b) / chroma)
  const sextant = r === value ? bc - gc : g === value ? 2 + rc - bc : 4 + gc - rc
  return fround((fround(sextant) / 6 + 1) % 1)
}

function byteOf(unit: number): number {
  return min(trunc(unit * 255), 255)
}

function writeHsv(pixels: Uint8Array, at: number, hue: number, saturation: number, value: number): void {
  const sextant = floor((hue * 6) / 255)
  const f = fround((hue * 6) / 255 - sextant)
  const s = fround(saturation / 255)
  const p = round(value * (1 - s))
  const q = round(value * (1 - fround(s * f)))
  const t = round(value * (1 - s * (1 - f)))
  // Six sextants in three letters: where each channel is highest, falling, lowest and rising.
  pixels[at] = pick(sextant, value, q, p, p, t, value)
  pixels[at + 1] = pick(sextant, t, value, value, q, p, p)
  pixels[at + 2] = pick(sextant, p, p, t, value, value, q)
}

/** The hue 255 closes the circle: its sextant 6 is 0. */
function pick(sextant: number, ...values: readonly [number, number, number, number, number, number]): number {
  return values[sextant % 6]!
}
