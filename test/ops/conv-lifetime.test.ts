import { describe, expect, it } from 'vitest'

import { differentiate } from '../../src/autodiff/differentiate.ts'
import { Graph, type Value } from '../../src/graph/graph.ts'
import { conv } from '../../src/ops/conv.ts'
import { mul } from '../../src/ops/elementwise.ts'
import { lowerGraph } from '../../src/ops/lower.ts'
import { reduceSum } from '../../src/ops/reduce.ts'

/** Everything that `value` is computed from. */
function sources(value: Value, found = new Set<Value>()): Set<Value> {
  if (found.has(value)) return found
  found.add(value)
  for (const input of value.producer?.inputs ?? []) if (input) sources(input, found)
  return found
}

describe('a convolution whose forward pass makes columns', () => {
  // 49 positions make one product of the batch, 196 one of each sample.
  it.each([7, 14])('makes those of its weights’ gradient only when dy is there (%i²)', (size) => {
    const graph = new Graph()
    const x = graph.input('x', 'float32', ['N', 4, size, size])
    const w = graph.input('w', 'float32', [4, 4, 3, 3])
    const y = conv(x, w, undefined, { padding: 1 })
    const loss = reduceSum(mul(y, graph.input('dy', 'float32', y.shape)))
    graph.output(loss)
    graph.output(differentiate(loss, [w]).get(w)!)
    const lowered = lowerGraph(graph, { device: 'cpu' }).graph
    const dy = lowered.inputs.find(({ name }) => name === 'dy')!
    const image = lowered.inputs.find(({ name }) => name === 'x')!
    const product = lowered.nodes.filter(({ opType }) => opType === 'Gemm').at(-1)!
    const columns = sources(product.input(1))
    expect(columns.has(image)).toBe(true)
    expect(columns.has(dy)).toBe(true)
    expect(
      [...sources(lowered.outputs[0]!)].filter((value) => value.producer?.opType === 'Conv'),
    ).toHaveLength(1)
  })
})
