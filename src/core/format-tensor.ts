import type { DType, TypedArray } from './dtype.ts'
import { formatShape, sizeOf, type Shape } from './shape.ts'

const edgeItems = 3
const maxPrinted = 1000

interface Printable {
  readonly dtype: DType
  readonly data: TypedArray
  readonly shape: Shape
}

/** Prints a tensor as PyTorch does: brackets by dimension, long dimensions cut in the middle. */
export function formatTensor({ dtype, data, shape }: Printable): string {
  const shorten = sizeOf(shape) > maxPrinted
  const print = (depth: number, offset: number): string => {
    const size = shape[depth]
    if (size === undefined) return formatElement(dtype, data[offset] ?? 0)
    const stride = sizeOf(shape.slice(depth + 1))
    const cut = shorten && size > 2 * edgeItems
    const indices = Array.from({ length: size }, (_, index) => index)
    const shown = cut ? [...indices.slice(0, edgeItems), -1, ...indices.slice(-edgeItems)] : indices
    const parts = shown.map((index) => (index < 0 ? '…' : print(depth + 1, offset + index * stride)))
    const separator = depth === shape.length - 1 ? ', ' : `,\n${' '.repeat(depth + 8)}`
    return `[${parts.join(separator)}]`
  }
  return `tensor(${print(0, 0)}, ${dtype} ${formatShape(shape)})`
}

function formatElement(dtype: DType, value: number | bigint): string {
  if (dtype === 'bool') return value ? 'true' : 'false'
  if (typeof value === 'bigint' || Number.isInteger(value) || !Number.isFinite(value)) return String(value)
  const magnitude = Math.abs(value)
  return magnitude >= 1e-3 && magnitude < 1e5 ? value.toFixed(4) : value.toExponential(4)
}
