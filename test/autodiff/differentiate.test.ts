import { expect, it } from 'vitest'

import { differentiate } from '../../src/autodiff/differentiate.ts'
import { GraphError } from '../../src/core/errors.ts'
import { Graph } from '../../src/graph/graph.ts'
import { relu, sign } from '../../src/ops/activations.ts'
import { registerOp } from '../../src/ops/definitions.ts'
import { mul } from '../../src/ops/elementwise.ts'
import { reduceSum } from '../../src/ops/reduce.ts'

it('adds nothing for a branch that leads to no wanted value', () => {
  const graph = new Graph()
  const frozen = graph.input('frozen', 'float32', [2])
  const trained = graph.input('trained', 'float32', [2])
  const loss = reduceSum(mul(relu(frozen), trained))
  const gradients = differentiate(loss, [trained])
  expect([...gradients.keys()]).toEqual([trained])
  expect(graph.nodes.map(({ opType }) => opType)).not.toContain('onnx-finetune.ReluGrad')
})

it('has no entry for a value that the loss does not depend on', () => {
  const graph = new Graph()
  const [x, other] = [graph.input('x', 'float32', [2]), graph.input('other', 'float32', [2])]
  expect(differentiate(reduceSum(x), [x, other]).has(other)).toBe(false)
})

it('names the node, its module and the remedy where a rule is missing', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', [2])
  const loss = reduceSum(graph.inScope('layer1', () => sign(x)))
  expect(() => differentiate(loss, [x])).toThrow(GraphError)
  expect(() => differentiate(loss, [x])).toThrow(/Sign\(.*\) in layer1 has no gradient rule.*registerOp/)
})

it('wants a scalar loss', () => {
  const x = new Graph().input('x', 'float32', [2])
  expect(() => differentiate(relu(x), [x])).toThrow(/float scalar/)
})

it('takes rules of the caller, once', () => {
  const definition = { type: 'Sinh', gradient: () => [undefined] }
  registerOp(definition)
  expect(() => {
    registerOp(definition)
  }).toThrow(/registered already/)
  expect(() => {
    registerOp({ type: 'Add' })
  }).toThrow(/registered already/)
})
