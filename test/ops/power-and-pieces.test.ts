import { describe, expect, it } from 'vitest'

import { differentiate } from '../../src/autodiff/differentiate.ts'
import { ArgumentError, GraphError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { Graph, type Dim, type Value } from '../../src/graph/graph.ts'
import { gelu } from '../../src/ops/activations.ts'
import { where } from '../../src/ops/compare.ts'
import { clip, maximum, minimum } from '../../src/ops/extremes.ts'
import { hardSigmoid, hardSwish } from '../../src/ops/hard-activations.ts'
import { pow } from '../../src/ops/power.ts'
import { reduceSum } from '../../src/ops/reduce.ts'
import { checkOp, opCases, type Builders } from './fixture-cases.ts'

/** Every other column from `a`, as the fixture has it. */
function everyOther(a: Value, b: Value): Value {
  const mask = new Tensor('bool', Uint8Array.of(1, 0, 1), [3])
  return where(a.graph.constant(mask), a, b)
}

/** Of test/fixtures/ops-elementwise/make.py. */
const builders: Builders = {
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

const cases = opCases('ops-elementwise/cases.json', builders)

describe('outputs and gradients are those of PyTorch', () => {
  it.each(Object.entries(cases))('%s', async (name, entry) => {
    await checkOp(entry, builders[name]!)
  })
  it.each(Object.entries(cases))('%s, with a symbolic batch', async (name, entry) => {
    const y = await checkOp(entry, builders[name]!, { shapeOf: symbolic })
    const { shape } = Tensor.from(entry.dy)
    expect(y.shape).toEqual(symbolic(shape, shape))
  })
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
