/** The kernels of kernels/*.as and the memory that they work on: each call lays it out anew. */
import { kernels } from './wasm.ts'

/** What kernels/*.as export. */
export interface Kernels {
  readonly memory: WebAssembly.Memory
  horizontal(
    source: number,
    rowStep: number,
    rows: number,
    first: number,
    weights: number,
    quads: number,
    width: number,
    output: number,
  ): void
  vertical(
    source: number,
    rowLength: number,
    first: number,
    weights: number,
    pairs: number,
    rows: number,
    output: number,
  ): void
  normalize(
    source: number,
    height: number,
    width: number,
    isMirrored: number,
    parameters: number,
    output: number,
  ): void
}

/** WebAssembly memory never shrinks: what needs more is left to JavaScript. */
const largestMemory = 64 * 2 ** 20
const pageSize = 65536

/** `null`: can't be had here. */
let instance: Kernels | null | undefined

/** The kernels with at least `size` bytes of memory; `undefined` where WebAssembly or its SIMD is missing or forbidden. */
export function kernelsWithMemory(size: number): Kernels | undefined {
  if (size > largestMemory) return undefined
  if (instance === undefined) instance = instantiate()
  if (!instance) return undefined
  const missing = size - instance.memory.buffer.byteLength
  try {
    if (missing > 0) instance.memory.grow(Math.ceil(missing / pageSize))
  } catch {
    return undefined
  }
  return instance
}

function instantiate(): Kernels | null {
  try {
    const bytes = Uint8Array.from(atob(kernels), (character) => character.charCodeAt(0))
    return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Kernels
  } catch {
    // Missing, without SIMD, or forbidden by a page's Content-Security-Policy.
    return null
  }
}
