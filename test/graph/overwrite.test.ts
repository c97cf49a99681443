import { describe, expect, it } from 'vitest'

import { Graph, type Value } from '../../src/graph/graph.ts'
import { overwritable } from '../../src/graph/overwrite.ts'

const type = { dtype: 'float32', shape: [2, 2] } as const

/** A graph of one state input `s` and one other input `x`; `build` makes the state's next value. */
function isOverwritable(build: (graph: Graph, s: Value, x: Value) => Value): boolean {
  const graph = new Graph()
  const [s, x] = [graph.input('s', 'float32', [2, 2]), graph.input('x', 'float32', [2, 2])]
  const next = graph.output(build(graph, s, x))
  return overwritable(graph, [[s, next]]).length === 1
}
const node = (graph: Graph, opType: string, ...inputs: Value[]): Value =>
  graph.add(opType, inputs, {}, [type]).output()

describe('a state may be overwritten', () => {
  it('by what is computed from its only reader', () => {
    expect(isOverwritable((graph, s, x) => node(graph, 'Add', node(graph, 'Mul', s, x), x))).toBe(true)
  })

  it('by an elementwise reader, element by element', () => {
    expect(isOverwritable((graph, s, x) => node(graph, 'Sub', s, x))).toBe(true)
  })

  it('when all of several readers come before', () => {
    expect(
      isOverwritable((graph, s, x) => node(graph, 'Add', node(graph, 'Div', s, x), node(graph, 'Mul', s, x))),
    ).toBe(true)
  })
})

describe('a state may not be overwritten', () => {
  it('by a reader that reads elements again after it has written, or hands its memory on', () => {
    expect(isOverwritable((graph, s, x) => node(graph, 'MatMul', s, x))).toBe(false)
    expect(isOverwritable((graph, s, x) => node(graph, 'Add', node(graph, 'Reshape', s, x), x))).toBe(false)
  })

  it('while a reader may be still to come', () => {
    expect(
      isOverwritable((graph, s, x) => {
        graph.output(node(graph, 'Mul', s, x))
        return node(graph, 'Sub', s, x)
      }),
    ).toBe(false)
  })

  it('when it is itself an output, or of another shape', () => {
    expect(
      isOverwritable((graph, s, x) => {
        graph.output(s)
        return node(graph, 'Sub', s, x)
      }),
    ).toBe(false)
    expect(
      isOverwritable((graph, s) => graph.add('Sub', [s, s], {}, [{ dtype: 'float32', shape: [4] }]).output()),
    ).toBe(false)
  })
})
