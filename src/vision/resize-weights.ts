/**
 * The filter weights of a resize in one direction, as Pillow computes them (`precompute_coeffs` and
 * `normalize_coeffs_8bpc` in Resample.c): the filter is stretched by the ratio when shrinking (that is the
 * antialiasing), cut at the picture's edges, normalised to sum 1 and rounded to 22-bit fixed point.
 */

/** A filter that blends pixels; `nearest` blends none and needs no weights. */
export type ResizeFilter = 'bilinear' | 'bicubic' | 'lanczos'

/** For each output position: where its source pixels begin, how many there are, and their weights. */
export interface ResizeWeights {
  readonly first: Int32Array
  readonly count: Int32Array
  /** `stride` weights for each output position, of which the first `count` are used. */
  readonly weights: Int32Array
  readonly stride: number
}

/**
 * Fraction bits of a weight: 8 of 32 bits hold the pixel, 2 leave room for sums of weights beyond 1, as
 * bicubic and lanczos have before their negative parts are added.
 */
export const precisionBits = 32 - 8 - 2

/** Half a unit, so that the shift at the end rounds. */
export const half = 1 << (precisionBits - 1)

const filters: Record<ResizeFilter, { readonly support: number; readonly evaluate: (x: number) => number }> =
  {
    bilinear: { support: 1, evaluate: triangle },
    bicubic: { support: 2, evaluate: cubic },
    lanczos: { support: 3, evaluate: lanczos },
  }

/** The weights that turn `inputSize` pixels into `outputSize`. */
export function resizeWeights(inputSize: number, outputSize: number, filter: ResizeFilter): ResizeWeights {
  const { support, evaluate } = filters[filter]
  const scale = inputSize / outputSize
  const stretch = Math.max(scale, 1)
  const reach = support * stretch
  const stride = Math.ceil(reach) * 2 + 1
  const first = new Int32Array(outputSize)
  const count = new Int32Array(outputSize)
  const weights = new Int32Array(outputSize * stride)
  const exact = new Float64Array(stride)
  for (let position = 0; position < outputSize; position++) {
    const center = (position + 0.5) * scale
    const from = Math.max(Math.trunc(center - reach + 0.5), 0)
    const taps = Math.min(Math.trunc(center + reach + 0.5), inputSize) - from
    let sum = 0
    for (let tap = 0; tap < taps; tap++) {
      exact[tap] = evaluate((tap + from - center + 0.5) * (1 / stretch))
      sum += exact[tap]!
    }
    for (let tap = 0; tap < taps; tap++) {
      weights[position * stride + tap] = toFixedPoint(sum === 0 ? exact[tap]! : exact[tap]! / sum)
    }
    first[position] = from
    count[position] = taps
  }
  return { first, count, weights, stride }
}

/**
 * The same weights with exactly `taps` for every position, zeros where there were fewer, so that a loop can
 * be unrolled; `undefined` if some position has more, or the source is smaller than that.
 */
export function padWeights(given: ResizeWeights, inputSize: number, taps: number): ResizeWeights | undefined {
  if (inputSize < taps || given.count.some((count) => count > taps)) return undefined
  const first = given.first.map((from) => Math.min(from, inputSize - taps))
  const weights = new Int32Array(first.length * taps)
  for (let position = 0; position < first.length; position++) {
    const from = position * given.stride
    const to = position * taps + given.first[position]! - first[position]!
    weights.set(given.weights.subarray(from, from + given.count[position]!), to)
  }
  return { first, count: new Int32Array(first.length).fill(taps), weights, stride: taps }
}

function toFixedPoint(weight: number): number {
  return Math.trunc(weight * (1 << precisionBits) + (weight < 0 ? -0.5 : 0.5))
}

function triangle(x: number): number {
  return Math.max(1 - Math.abs(x), 0)
}

/** Keys' cubic with a = −0.5. */
function cubic(x: number): number {
  const a = -0.5
  const distance = Math.abs(x)
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a
  return 0
}

function lanczos(x: number): number {
  return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI)
}
