import type { Graph, Value } from './graph.ts'
import { largestHalf, widen } from './half.ts'
import { reading, rewrite, type Rewritten } from './rewrite.ts'

/** Begins the name of the input that stands for a constant. */
const prefix = 'float16:'

/** A graph without some of its constants. */
export interface HalvedConstants extends Rewritten {
  /** Constant → the graph input that takes its numbers in float16. */
  readonly inputs: ReadonlyMap<string, string>
}

/**
 * Takes constants from a graph and has them fed as float16. ONNX Runtime would make float32 numbers of a constant in
 * float16 when it makes the session.
 *
 * @param names - Of the constants. Those stay that have less than two dimensions (biases and statistics, which are small and
 *   matter more) or numbers beyond float16's range.
 */
export function halveConstants(graph: Graph, names: ReadonlySet<string>): HalvedConstants {
  const inputs = new Map<string, string>()
  const wide = new Map<Value, Value>()
  const read = (value: Value): Value => {
    if (!names.has(value.name) || !canHalve(value)) return value
    const name = prefix + value.name
    inputs.set(value.name, name)
    const halved = wide.get(value) ?? widen(value.graph.input(name, value.dtype, value.shape, 'float16'))
    wide.set(value, halved)
    return halved
  }
  return { ...rewrite(graph, (copy) => reading(copy, read).outputs), inputs }
}

function canHalve({ constant, rank }: Value): boolean {
  if (constant?.dtype !== 'float32' || rank < 2) return false
  return (constant.data as Float32Array).every((number) => Math.abs(number) <= largestHalf)
}
