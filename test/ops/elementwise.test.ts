import { readFileSync } from 'node:fs'

import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'

import { differentiate } from '../../src/autodiff/differentiate.ts'
import { Tensor, type NestedArray } from '../../src/core/tensor.ts'
import { Graph, type Value } from '../../src/graph/graph.ts'
import { serialize } from '../../src/graph/serialize.ts'
import * as activations from '../../src/ops/activations.ts'
import * as elementwise from '../../src/ops/elementwise.ts'
import { lowerGraph } from '../../src/ops/lower.ts'
import * as reduce from '../../src/ops/reduce.ts'
import { flatten, transpose } from '../../src/ops/reshape.ts'

/** PyTorch's outputs and gradients: made by test/fixtures/ops/make.py. */
interface Case {
  readonly inputs: readonly NestedArray[]
  readonly y: NestedArray
  readonly dy: NestedArray
  readonly gradients: readonly NestedArray[]
}
const fixture = new URL('../fixtures/ops/elementwise.json', import.meta.url)
const cases = JSON.parse(readFileSync(fixture, 'utf8')) as Record<string, Case>

const builders: Record<string, (a: Value, b: Value) => Value> = {
  'add broadcast': elementwise.add,
  'sub broadcast': elementwise.sub,
  'mul broadcast': elementwise.mul,
  'div broadcast': elementwise.div,
  neg: elementwise.neg,
  relu: activations.relu,
  leakyRelu: (x) => activations.leakyRelu(x, 0.1),
  sigmoid: activations.sigmoid,
  tanh: activations.tanh,
  exp: activations.exp,
  log: activations.log,
  sqrt: activations.sqrt,
  abs: activations.abs,
  erf: activations.erf,
  gelu: (x) => activations.gelu(x),
  softmax: (x) => activations.softmax(x),
  'softmax large': (x) => activations.softmax(x),
  logSoftmax: (x) => activations.logSoftmax(x),
  'logSoftmax large': (x) => activations.logSoftmax(x),
  reduceSum: (x) => reduce.reduceSum(x, [1, 2]),
  reduceMean: (x) => reduce.reduceMean(x, [0, 2]),
  'reduceMax ties': (x) => reduce.reduceMax(x, [1]),
  transpose: (x) => transpose(x, [2, 0, 1]),
  flatten: (x) => flatten(x, 1),
}

async function run(graph: Graph, feeds: Record<string, Tensor>, wanted: Value[], device: 'cpu' | 'webgpu') {
  for (const value of wanted) graph.output(value)
  const lowered = lowerGraph(graph, { device })
  const session = await InferenceSession.create(serialize(lowered.graph), { intraOpNumThreads: 1 })
  const ort = Object.fromEntries(
    session.inputNames.map((name) => [
      name,
      new OrtTensor('float32', feeds[name]!.data as Float32Array, feeds[name]!.shape),
    ]),
  )
  const results = await session.run(ort)
  await session.release()
  return wanted.map((value) => [...(results[lowered.map.get(value)!.name]!.data as Float32Array)])
}

function expectClose(actual: readonly number[], expected: Tensor): void {
  expect(actual.length).toBe(expected.size)
  const scale = Math.max(1e-3, ...[...(expected.data as Float32Array)].map(Math.abs))
  actual.forEach((value, index) => {
    expect(Math.abs(value - Number(expected.data[index]))).toBeLessThanOrEqual(1e-4 * scale)
  })
}

it('has a builder for each case', () => {
  expect(Object.keys(builders)).toEqual(Object.keys(cases))
})

describe.each(['cpu', 'webgpu'] as const)(
  'has the outputs and gradients of PyTorch, lowered for %s',
  (device) => {
    it.each(Object.entries(cases))('%s', async (name, entry) => {
      const graph = new Graph()
      const tensors = entry.inputs.map((input) => Tensor.from(input))
      const inputs = tensors.map(({ shape }, index) => graph.input(`x${index}`, 'float32', shape))
      const y = builders[name]!(inputs[0]!, inputs[1]!)
      const dy = Tensor.from(entry.dy)
      const loss = reduce.reduceSum(elementwise.mul(y, graph.input('dy', 'float32', dy.shape)))
      const gradients = differentiate(loss, inputs)
      const feeds = { ...Object.fromEntries(tensors.map((tensor, index) => [`x${index}`, tensor])), dy }
      const results = await run(graph, feeds, [y, ...inputs.map((input) => gradients.get(input)!)], device)
      const expected = [entry.y, ...entry.gradients].map((values) => Tensor.from(values))
      expected.forEach((tensor, index) => {
        expectClose(results[index]!, tensor)
      })
    })
  },
)

describe('a symbolic batch', () => {
  it('serves two batch sizes with one model, the mean included', async () => {
    const graph = new Graph()
    const x = graph.input('x', 'float32', ['N', 2])
    const loss = reduce.reduceMean(elementwise.mul(x, x))
    const dx = differentiate(loss, [x]).get(x)!
    for (const values of [
      [[1, 2]],
      [
        [1, 2],
        [3, 4],
      ],
    ]) {
      const feeds = { x: Tensor.from(values), 'dim:N': Tensor.from(values.length) }
      const [gradient] = await run(graph, feeds, [dx], 'cpu')
      const size = values.flat().length
      expect(gradient).toEqual(values.flat().map((value) => (2 * value) / size))
    }
  })
})
