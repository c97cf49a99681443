import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { differentiate } from '../../src/autodiff/differentiate.ts'
import { ArgumentError, GraphError } from '../../src/core/errors.ts'
import { Tensor, type NestedArray } from '../../src/core/tensor.ts'
import { Graph, type Dim, type Value } from '../../src/graph/graph.ts'
import { gelu } from '../../src/ops/activations.ts'
import { where } from '../../src/ops/compare.ts'
import { mul } from '../../src/ops/elementwise.ts'
import { clip, maximum, minimum } from '../../src/ops/extremes.ts'
import { hardSigmoid, hardSwish } from '../../src/ops/hard-activations.ts'
import { pow } from '../../src/ops/power.ts'
import { reduceSum } from '../../src/ops/reduce.ts'
import { expectClose, runGraph } from '../nn/run-graph.ts'

/** PyTorch's outputs and gradients: made by test/fixtures/ops-elementwise/make.py. */
interface Case {
  readonly inputs: readonly NestedArray[]
  readonly y: NestedArray
  readonly dy: NestedArray
  readonly gradients: readonly NestedArray[]
}
const fixture = new URL('../fixtures/ops-elementwise/cases.json', import.meta.url)
const cases = JSON.parse(readFileSync(fixture, 'utf8')) as Record<string, Case>

/** Every other column from `a`, as the fixture has it. */
function everyOther(a: Value, b: Value): Value {
  const mask = new Tensor('bool', Uint8Array.of(1, 0, 1), [3])
  return where(a.graph.constant(mask), a, b)
}

const builders: Record<string, (a: Value, b: Value) => Value> = {
  pow,
  'pow broadcast': pow,
  'pow of 0': pow,
  square: (x) => pow(x, 2),
  cube: (x) => pow(x, 3),
  'power 0': (x) => pow(x, 0),
  'power 0.5': (x) => pow(x, 0.5),
  'power -1': (x) => pow(x, -1),
  'number to a power': (x) => pow(2, x),
  'maximum ties': maximum,
  'minimum ties': minimum,
  'maximum broadcast': maximum,
  'minimum broadcast': minimum,
  clip: (x) => clip(x, { min: -1, max: 0.3 }),
  'clip min': (x) => clip(x, { min: -1 }),
  'clip max': (x) => clip(x, { max: 0.5 }),
  hardSigmoid,
  hardSwish,
  'gelu tanh': (x) => gelu(x, { approximate: 'tanh' }),
  'gelu tanh large': (x) => gelu(x, { approximate: 'tanh' }),
  where: everyOther,
  'where broadcast': everyOther,
}

/** The leading size of inputs of the result's rank, where it isn't stretched, is the batch. */
function symbolic(shape: readonly number[], result: readonly number[]): Dim[] {
  return shape.map((size, axis) =>
    axis === 0 && shape.length === result.length && size === result[0] ? 'N' : size,
  )
}

async function check(
  name: string,
  shapeOf: (shape: readonly number[], result: readonly number[]) => readonly Dim[],
) {
  const entry = cases[name]!
  const [tensors, dy] = [entry.inputs.map((input) => Tensor.from(input)), Tensor.from(entry.dy)]
  const graph = new Graph()
  const inputs = tensors.map(({ shape }, index) =>
    graph.input(`x${index}`, 'float32', shapeOf(shape, dy.shape)),
  )
  const y = builders[name]!(inputs[0]!, inputs[1]!)
  expect(y.shape).toEqual(shapeOf(dy.shape, dy.shape))
  const loss = reduceSum(mul(y, graph.input('dy', 'float32', y.shape)))
  const gradients = differentiate(loss, inputs)
  const feeds = Object.fromEntries(tensors.map((tensor, index) => [`x${index}`, tensor]))
  const results = await runGraph([y, ...inputs.map((input) => gradients.get(input)!)], { ...feeds, dy })
  for (const [index, expected] of [entry.y, ...entry.gradients].entries()) {
    expectClose(results[index]!, Tensor.from(expected), index === 0 ? 'y' : `gradient ${index - 1}`)
  }
}

it('has a builder for each case', () => {
  expect(Object.keys(builders)).toEqual(Object.keys(cases))
})

describe('outputs and gradients are those of PyTorch', () => {
  it.each(Object.keys(cases))('%s', (name) => check(name, (shape) => shape))
  it.each(Object.keys(cases))('%s, with a symbolic batch', (name) => check(name, symbolic))
})

describe('what has no meaning is refused', () => {
  const x = new Graph().input('x', 'float32', [2])

  it('clip without bounds, or with crossed ones', () => {
    expect(() => clip(x, {})).toThrow(ArgumentError)
    expect(() => clip(x, { min: 1, max: 0 })).toThrow(/min 1 and max 0/)
    expect(() => clip(x, { min: NaN })).toThrow(ArgumentError)
  })

  it('two numbers, of which no graph is known', () => {
    expect(() => pow(2, 3)).toThrow(GraphError)
    expect(() => maximum(2, 3)).toThrow(GraphError)
  })

  it('the gradient of a Max of three, which ONNX has and PyTorch has not', () => {
    const three = x.graph.add('Max', [x, x, x], {}, [x]).output()
    expect(() => differentiate(reduceSum(three), [x])).toThrow(/needs? two inputs/)
  })
})
