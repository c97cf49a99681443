const word = new Uint32Array(1)
const float = new Float32Array(word.buffer)

/** float32 to IEEE half precision as 16-bit words, rounded to the nearest, halves to even. Numbers must be in its range. */
export function float32ToFloat16(floats: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(floats.length)
  for (let index = 0; index < floats.length; index++) halves[index] = toHalf(floats[index]!)
  return halves
}

function toHalf(value: number): number {
  const magnitude = Math.abs(value)
  float[0] = value
  const sign = (word[0]! >>> 16) & 0x8000
  // Below 2^−14 halves are multiples of 2^−24; adding 2^28 · 2^−24 · 1.5 would round twice, so round in float64.
  if (magnitude < 2 ** -14) return sign | roundToEven(magnitude * 2 ** 24)
  float[0] = magnitude
  const bits = word[0]!
  const rounded = bits + 0xfff + ((bits >>> 13) & 1)
  return sign | ((rounded - (112 << 23)) >>> 13)
}

function roundToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
