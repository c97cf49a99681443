import { describe, expect, it } from 'vitest'

import { differentiate } from '../../src/autodiff/differentiate.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { Graph } from '../../src/graph/graph.ts'
import * as activations from '../../src/ops/activations.ts'
import * as elementwise from '../../src/ops/elementwise.ts'
import * as reduce from '../../src/ops/reduce.ts'
import { flatten, transpose } from '../../src/ops/reshape.ts'
import { runGraph } from '../nn/run-graph.ts'
import { lowerings } from '../support/device.ts'
import { checkOp, opCases, type Builders } from './fixture-cases.ts'

/** Of test/fixtures/ops/make.py. */
const builders: Builders = {
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

const cases = opCases('ops/elementwise.json', builders)

describe.each(lowerings)('has the outputs and gradients of PyTorch, lowered for %s', (device) => {
  it.each(Object.entries(cases))('%s', async (name, entry) => {
    await checkOp(entry, builders[name]!, { device })
  })
})

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
      const [gradient] = await runGraph([dx], feeds)
      const size = values.flat().length
      expect([...gradient!.data]).toEqual(values.flat().map((value) => (2 * value) / size))
    }
  })
})
