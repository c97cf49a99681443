/** Red, green, blue, each in 0 … 1. */
export type Color = readonly [red: number, green: number, blue: number]

/** A point or a direction, in pixels: x to the right, y down. */
export type Point = readonly [x: number, y: number]

/** Pixels in 0 … 1 as floats, `[size, size, 3]`, on which layers are painted one over the other. */
export class Canvas {
  readonly pixels: Float32Array

  constructor(readonly size: number) {
    this.pixels = new Float32Array(size * size * 3)
  }

  /** Sets every pixel by its position. */
  fill(color: (x: number, y: number) => Color): void {
    for (let y = 0, at = 0; y < this.size; y++) {
      for (let x = 0; x < this.size; x++, at += 3) this.pixels.set(color(x, y), at)
    }
  }

  /** Blends `color` over the pixel, `alpha` in 0 … 1. */
  blend(x: number, y: number, color: Color, alpha: number): void {
    const at = 3 * (y * this.size + x)
    for (let c = 0; c < 3; c++) this.pixels[at + c]! += alpha * (color[c]! - this.pixels[at + c]!)
  }

  /** Applies `change` to every channel value. */
  map(change: (value: number, x: number, y: number, channel: number) => number): void {
    for (let y = 0, at = 0; y < this.size; y++) {
      for (let x = 0; x < this.size; x++) {
        for (let c = 0; c < 3; c++, at++) this.pixels[at] = change(this.pixels[at]!, x, y, c)
      }
    }
  }

  /** Brightness of the square of side `2 · radius` around the middle, as the eye weighs the channels. */
  brightness(radius: number): number {
    const [from, to] = [Math.floor(this.size / 2 - radius), Math.ceil(this.size / 2 + radius)]
    let sum = 0
    for (let y = from; y < to; y++) {
      for (let x = from; x < to; x++) {
        const at = 3 * (y * this.size + x)
        sum += luma([this.pixels[at]!, this.pixels[at + 1]!, this.pixels[at + 2]!])
      }
    }
    return sum / (to - from) ** 2
  }

  /** Blurs with a Gaussian of `sigma` pixels. */
  blur(sigma: number): void {
    blurPlanes(this.pixels, this.size, 3, sigma)
  }

  /** RGBA bytes, as encoders take them. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.size * this.size * 4).fill(255)
    for (let pixel = 0; pixel < this.size * this.size; pixel++) {
      for (let c = 0; c < 3; c++) {
        bytes[4 * pixel + c] = Math.round(255 * Math.min(1, Math.max(0, this.pixels[3 * pixel + c]!)))
      }
    }
    return bytes
  }
}

/** Blurs interleaved channels in place with a Gaussian of `sigma` pixels, edges repeated. */
export function blurPlanes(data: Float32Array, size: number, channels: number, sigma: number): void {
  // Less is not to be seen.
  if (sigma < 0.3) return
  const radius = Math.ceil(2.2 * sigma)
  const weights = Float32Array.from({ length: 2 * radius + 1 }, (_, k) =>
    Math.exp(-(((k - radius) / sigma) ** 2) / 2),
  )
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const line = new Float32Array(size + 2 * radius)
  const pass = (start: number, step: number): void => {
    for (let i = 0; i < size; i++) line[i + radius] = data[start + i * step]!
    line.fill(line[radius]!, 0, radius)
    line.fill(line[size + radius - 1]!, size + radius)
    for (let i = 0; i < size; i++) {
      let sum = 0
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * line[i + k]!
      data[start + i * step] = sum / total
    }
  }
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < channels; c++) {
      pass(i * size * channels + c, channels)
      pass(i * channels + c, size * channels)
    }
  }
}

/** Brightness as the eye weighs the channels. */
export function luma([red, green, blue]: Color): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue
}

/** From `a` (share 0) to `b` (share 1). */
export function mixColors(a: Color, b: Color, share: number): Color {
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2])]
}

/** A color times a factor. */
export function scaleColor(color: Color, factor: number): Color {
  return [color[0] * factor, color[1] * factor, color[2] * factor]
}

/** Hue, saturation and value, each in 0 … 1; the hue wraps. */
export function hsv(hue: number, saturation: number, value: number): Color {
  const channel = (n: number): number => {
    const k = (((n + 6 * hue) % 6) + 6) % 6
    return value * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1)))
  }
  return [channel(5), channel(3), channel(1)]
}
