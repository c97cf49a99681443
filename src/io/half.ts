// One buffer seen two ways turns bits into the float they spell.
const bits = new Uint32Array(1)
const float = new Float32Array(bits.buffer)

/** IEEE half precision, as raw 16-bit words, to float32: exact for every value. */
export function float16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(halves, halfToFloat)
}

/** bfloat16, the upper half of a float32, as raw 16-bit words, to float32: exact for every value. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(halves.length)
  for (let index = 0; index < halves.length; index++) words[index] = halves[index]! << 16
  return new Float32Array(words.buffer)
}

function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 31
  const mantissa = half & 0x3ff
  if (exponent === 0) return sign * mantissa * 2 ** -24
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY
  bits[0] = ((half & 0x8000) << 16) | ((exponent + 112) << 23) | (mantissa << 13)
  return float[0]!
}
