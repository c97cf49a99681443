import { describe, expect, it } from 'vitest'

import { differentiate } from '../../src/autodiff/differentiate.ts'
import { GraphError, ShapeError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { Graph, type Attributes, type Value } from '../../src/graph/graph.ts'
import * as ops from '../../src/ops/ops.ts'
import { expectClose, runGraph } from '../nn/run-graph.ts'

const input = (...shape: (number | string)[]): Value => new Graph().input('x', 'float32', shape)

describe('what cannot run is refused while the graph is built', () => {
  it.each([
    [
      'operands of different types',
      /Add of .*int32.*cast one/,
      () => {
        const x = input(2)
        return ops.add(x, x.graph.input('i', 'int32', [2]))
      },
    ],
    [
      'a condition that is no bool',
      /where got x float32.*give it a bool/,
      () => {
        const x = input(2)
        return ops.where(x, x, 0)
      },
    ],
    ['numbers alone', /Mul needs a value/, () => ops.mul(2, 3)],
    ['another number of elements', /6 elements can't become 8/, () => ops.reshape(input(2, 3), [4, 2])],
    ['another size of each sample', /6 elements .* 5 for each N/, () => ops.reshape(input('N', 6), ['N', 5])],
    ['two symbolic sizes', /only one size may be symbolic/, () => ops.reshape(input('N', 'M'), ['M', 'N'])],
    [
      'a permutation that names an axis twice',
      /name each axis from 0 to 1 once/,
      () => ops.transpose(input(2, 3), [0, 0]),
    ],
    ['a permutation of another rank', /name each axis/, () => ops.transpose(input(2, 3), [0])],
    ['a reduction over an axis that is not there', /axis 2/, () => ops.reduceSum(input(2, 3), [2])],
    ['a reduction over an axis twice', /name one twice/, () => ops.reduceMean(input(2, 3), [1, -1])],
    ['flattening a symbolic batch', /no fixed size/, () => ops.flatten(input('N', 3), 0)],
  ])('%s', (_, message, build) => {
    expect(build).toThrow(GraphError)
    expect(build).toThrow(message)
  })

  it('shapes that do not broadcast', () => {
    expect(() => ops.add(input(2, 3), 1)).not.toThrow()
    const x = input('N', 3)
    expect(() => ops.add(x, x.graph.input('y', 'float32', ['N', 2]))).toThrow(ShapeError)
  })
})

describe("nodes made by hand have ONNX's defaults", () => {
  const weights = Tensor.from([
    [1, 2, 3],
    [4, 5, 6],
  ])

  /** The gradient of Σ y · w for a node with the output's shape as given. */
  async function gradientOf(opType: string, shape: number[], w: Tensor, attributes: Attributes = {}) {
    const x = input(2, 3)
    const y = x.graph.add(opType, [x], attributes, [{ dtype: 'float32', shape }]).output()
    const loss = ops.reduceSum(ops.mul(y, x.graph.constant(w)))
    const [gradient] = await runGraph([differentiate(loss, [x]).get(x)!], { x: weights })
    return gradient!
  }

  it('a reduction without axes is over all', async () => {
    const w = Tensor.from([[3]])
    expectClose(await gradientOf('ReduceSum', [1, 1], w), Tensor.full([2, 3], 3), 'ReduceSum')
    expectClose(await gradientOf('ReduceMean', [1, 1], w), Tensor.full([2, 3], 0.5), 'ReduceMean')
    expectClose(
      await gradientOf('ReduceMax', [1, 1], w),
      Tensor.from([
        [0, 0, 0],
        [0, 0, 3],
      ]),
      'ReduceMax',
    )
  })

  it('or over none, where the node says so', async () => {
    const none = { noop_with_empty_axes: { int: 1 } }
    expectClose(await gradientOf('ReduceSum', [2, 3], weights, none), weights, 'ReduceSum')
  })

  it('a transposition without perm reverses the axes', async () => {
    const w = Tensor.from([
      [1, 2],
      [3, 4],
      [5, 6],
    ])
    expectClose(
      await gradientOf('Transpose', [3, 2], w),
      Tensor.from([
        [1, 3, 5],
        [2, 4, 6],
      ]),
      'Transpose',
    )
  })
})
