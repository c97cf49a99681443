import type { Graph, Node, Value } from './graph.ts'
import { liveNodes } from './rewrite.ts'

/**
 * These read an element of an input of their own shape before they write that of the output, and never again. Others may
 * read it in any order, and the result of a `Reshape` may be the input's memory itself.
 */
const elementwise = new Set(['Add', 'Sub', 'Mul', 'Div'])

/**
 * Of pairs of an input and an output of a graph those where the output may be written to the input's own memory: whatever
 * reads the input has been computed by then, in any order that a runtime may choose.
 */
export function overwritable(
  graph: Graph,
  pairs: readonly (readonly [input: Value, output: Value])[],
): readonly (readonly [input: Value, output: Value])[] {
  const readers = readersOf(graph)
  return pairs.filter(([input, output]) => {
    const writer = output.producer
    const waiting = new Set(readers.get(input))
    if (!writer || graph.outputs.includes(input) || !sameType(input, output)) return false
    if ([...waiting].some(({ opType }) => !elementwise.has(opType))) return false
    return comeBefore(writer, waiting)
  })
}

/** Whether `writer` needs the results of all of `waiting`, or is one of them. Empties the set. */
function comeBefore(writer: Node, waiting: Set<Node>): boolean {
  const seen = new Set<Node>([writer])
  // An insertion-ordered set that grows while it is walked: breadth first, as the readers of state are near.
  for (const node of seen) {
    waiting.delete(node)
    if (waiting.size === 0) return true
    for (const value of node.inputs) if (value?.producer) seen.add(value.producer)
  }
  return false
}

function readersOf(graph: Graph): Map<Value, Node[]> {
  const readers = new Map<Value, Node[]>()
  for (const node of liveNodes(graph)) {
    for (const value of node.inputs) {
      if (value && !value.producer) readers.set(value, [...(readers.get(value) ?? []), node])
    }
  }
  return readers
}

function sameType(a: Value, b: Value): boolean {
  return (
    a.dtype === b.dtype &&
    a.shape.length === b.shape.length &&
    a.shape.every((size, axis) => size === b.shape[axis])
  )
}
