// One buffer seen two ways turns a float into the bits that spell it.
const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/** IEEE half precision, as raw 16-bit words, to float32: exact for every value, and NaN keeps its payload. */
export function float16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(halves.length)
  for (let index = 0; index < halves.length; index++) words[index] = widen(halves[index]!)
  return new Float32Array(words.buffer)
}

/** bfloat16, the upper half of a float32, as raw 16-bit words, to float32: exact for every value. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(halves.length)
  for (let index = 0; index < halves.length; index++) words[index] = halves[index]! << 16
  return new Float32Array(words.buffer)
}

function widen(half: number): number {
  const sign = (half & 0x8000) << 16
  const exponent = (half >>> 10) & 31
  const mantissa = half & 0x3ff
  if (exponent === 0) {
    // Zero or subnormal, which float32 has as an ordinary number.
    float[0] = mantissa * 2 ** -24
    return sign | bits[0]!
  }
  return sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (mantissa << 13)
}
