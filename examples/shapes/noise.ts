import type { Generator } from 'onnx-finetune'

const side = 64

/** A smooth random function of the plane with values in 0 … 1: random values on a grid, blended between. */
export type Noise = (x: number, y: number) => number

/** Noise of one grain: its bumps are about 1 wide. It repeats every 64. */
export function smoothNoise(generator: Generator): Noise {
  const values = Float32Array.from({ length: side * side }, () => generator.random())
  const at = (x: number, y: number): number => values[(y & (side - 1)) * side + (x & (side - 1))]!
  return (x, y) => {
    const [left, top] = [Math.floor(x), Math.floor(y)]
    const [u, v] = [ease(x - left), ease(y - top)]
    const upper = at(left, top) + u * (at(left + 1, top) - at(left, top))
    const lower = at(left, top + 1) + u * (at(left + 1, top + 1) - at(left, top + 1))
    return upper + v * (lower - upper)
  }
}

/** Noise of several grains, each half as wide as the one before: the roughness of natural things. */
export function roughNoise(generator: Generator, octaves = 3): Noise {
  const noise = smoothNoise(generator)
  const total = 2 - 2 ** (1 - octaves)
  return (x, y) => {
    let sum = 0
    // The shift by a fraction keeps the grids of the grains from lying on each other.
    for (let octave = 0; octave < octaves; octave++) {
      const scale = 2 ** octave
      sum += noise(x * scale + 17.3 * octave, y * scale + 5.7 * octave) / scale
    }
    return sum / total
  }
}

function ease(t: number): number {
  return t * t * (3 - 2 * t)
}
