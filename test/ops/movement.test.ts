import { describe, expect, it } from 'vitest'

import { differentiate } from '../../src/autodiff/differentiate.ts'
import { GraphError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { Graph, type Value } from '../../src/graph/graph.ts'
import { expand, expandAs } from '../../src/ops/broadcast.ts'
import { concat, split } from '../../src/ops/concat.ts'
import { ints } from '../../src/ops/constants.ts'
import { add, mul } from '../../src/ops/elementwise.ts'
import { gather } from '../../src/ops/gather.ts'
import { pad } from '../../src/ops/pad.ts'
import { reduceSum } from '../../src/ops/reduce.ts'
import { squeeze, unsqueeze } from '../../src/ops/reshape.ts'
import { slice } from '../../src/ops/slice.ts'
import { runGraph } from '../nn/run-graph.ts'
import { checkOp, opCases, type Builders } from './fixture-cases.ts'

function parts(x: Value): Value {
  const [a, b, c] = split(x, [1, 2, 2], 1)
  return add(mul(concat([a!, a!], 1), b!), mul(c!, 2))
}

function matrix(graph: Graph, rows: number[][]): Value {
  return graph.constant(
    new Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0]!.length]),
  )
}

/** Of test/fixtures/ops-movement/make.py. */
const builders: Builders = {
  'slice of one axis': (x) => slice(x, [1], [3], { axes: [1] }),
  'slice with steps': (x) => slice(x, [0, 1, 0], [Infinity, 6, Infinity], { steps: [1, 2, 3] }),
  'slice by negative starts and ends': (x) => slice(x, [-3, -2], [-1, Infinity], { axes: [1, -1] }),
  'slice backwards': (x) => slice(x, [-1], [-Infinity], { axes: [2], steps: [-1] }),
  'slice backwards with steps': (x) => slice(x, [-2], [0], { axes: [1], steps: [-2] }),
  'slice beyond the end': (x) => slice(x, [2], [100], { axes: [1] }),
  concat: (...values) => concat(values, 1),
  'concat along the last axis': (...values) => concat(values, -1),
  'concat of a value with itself': (x) => concat([x, x], 1),
  'split of which all parts count': (x) => parts(x),
  'split of which one part counts': (x) => split(x, 2, 1)[1]!,
  'pad with zeros': (x) => pad(x, [0, 0, 0, 1, 0, 0, 3, 2]),
  'pad with a value': (x, value) => pad(x, [1, 2, 0, 1], { axes: [1, 2], value }),
  'pad by reflection': (x) => pad(x, [1, 3, 2, 1], { axes: [2, 3], mode: 'reflect' }),
  'pad by reflection on one side': (x) => pad(x, [0, 2], { axes: [-1], mode: 'reflect' }),
  'pad by the edge': (x) => pad(x, [0, 3, 2, 1], { axes: [2, 3], mode: 'edge' }),
  'pad of a size of 1 by the edge': (x) => pad(x, [2, 3], { axes: [2], mode: 'edge' }),
  'gather of distinct positions': (x) => gather(x, [2, 0, -1], 1),
  'gather of a permutation': (x) => gather(x, [2, 0, 1], 1),
  'gather of equal and negative positions': (x) => gather(x, [1, 3, -3, 1, 2], 1),
  'gather of one position': (x) => gather(x, 1, -1),
  'gather by a matrix': (x) =>
    gather(
      x,
      matrix(x.graph, [
        [0, 2],
        [2, 1],
        [2, -1],
      ]),
      1,
    ),
  'expand of sizes': (x) => expand(x, [x.shape[0]!, 3, 4]),
  'expand to more dimensions': (x) => expand(x, [5, 2, x.shape[0]!, 4]),
  squeeze: (x) => squeeze(x, [1, -1]),
  unsqueeze: (x) => unsqueeze(x, [1, -1]),
}

const cases = opCases('ops-movement/cases.json', builders)

const shapes = {
  fixed: (shape: readonly number[]) => shape,
  symbolic: (shape: readonly number[]) => (shape.length > 0 ? ['N', ...shape.slice(1)] : shape),
}

describe.each(['fixed', 'symbolic'] as const)(
  'has the outputs and gradients of PyTorch, with a %s batch',
  (batch) => {
    it.each(Object.entries(cases))('%s', async (name, entry) => {
      await checkOp(entry, builders[name]!, { shapeOf: shapes[batch] })
    })
  },
)

describe('gather', () => {
  it.each(['int32', 'int64'] as const)(
    'adds up rows of a table that are looked up more than once, by fed %s indices',
    async (dtype) => {
      const graph = new Graph()
      const table = graph.input('table', 'float32', [3, 2])
      const rows = gather(table, graph.input('rows', dtype, ['N', 2]))
      expect(rows.shape).toEqual(['N', 2, 2])
      const gradient = differentiate(reduceSum(mul(rows, graph.input('dy', 'float32', rows.shape))), [
        table,
      ]).get(table)!
      const [result] = await runGraph([gradient], {
        table: Tensor.from([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
        rows: Tensor.from(
          [
            [0, 2],
            [2, 2],
          ],
          dtype,
        ),
        dy: Tensor.from([
          [
            [1, 10],
            [2, 20],
          ],
          [
            [4, 40],
            [8, 80],
          ],
        ]),
      })
      expect([...result!.data]).toEqual([1, 10, 0, 0, 14, 140])
    },
  )

  it('takes from the batch itself', async () => {
    const graph = new Graph()
    const x = graph.input('x', 'float32', ['N', 2])
    const last = gather(x, [-1, -1])
    const gradient = differentiate(reduceSum(mul(last, last)), [x]).get(x)!
    const [result] = await runGraph([gradient], {
      x: Tensor.from([
        [1, 2],
        [3, 4],
      ]),
    })
    expect([...result!.data]).toEqual([0, 0, 12, 16])
  })
})

describe('the gradient of expandAs', () => {
  it('sums over a batch that the value had not', async () => {
    const graph = new Graph()
    const [x, batch] = [graph.input('x', 'float32', [2]), graph.input('batch', 'float32', ['N', 2])]
    const gradient = differentiate(reduceSum(mul(expandAs(x, batch), batch)), [x]).get(x)!
    const feeds = {
      x: Tensor.from([1, 1]),
      batch: Tensor.from([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    }
    const [result] = await runGraph([gradient], feeds)
    expect([...result!.data]).toEqual([9, 12])
  })
})

describe('names the value and what it wants instead', () => {
  const graph = new Graph()
  const x = graph.input('photo', 'float32', ['N', 3, 4])
  const other = graph.input('other', 'float32', ['N', 2, 4])
  const whole = graph.input('whole', 'int64', ['N', 3, 4])
  it.each<[string, () => unknown, RegExp]>([
    ['an axis outside', () => slice(x, [0], [1], { axes: [3] }), /slice of photo .*axis 3 .* from -3 to 2/],
    ['an axis twice', () => slice(x, [0, 0], [1, 1], { axes: [1, -2] }), /photo .*once/],
    ['lists of two lengths', () => slice(x, [0, 0], [1]), /photo .*as many of each/],
    ['a step of 0', () => slice(x, [0], [1], { axes: [1], steps: [0] }), /photo .*step 0/],
    ['an empty slice', () => slice(x, [2], [2], { axes: [1] }), /photo .*from 2 to 2 by 1 takes nothing/],
    ['a fraction', () => slice(x, [0.5], [2], { axes: [1] }), /photo .*whole numbers/],
    ['a part of the batch', () => slice(x, [0], [2]), /slice of photo .*size N is known only when/],
    ['a concatenated batch', () => concat([x, x], 0), /concat of photo .*size N is known only when/],
    ['sizes that differ', () => concat([x, other], 2), /photo .* and other .*same sizes/],
    ['element types that differ', () => concat([x, whole], 1), /photo .* and whole .*one element type/],
    ['nothing to concatenate', () => concat([], 0), /at least one/],
    ['sizes that do not add up', () => split(x, [1, 1], 1), /photo .*by \[1, 1\].*add up to 3/],
    ['parts of no size', () => split(x, 0, 1), /photo .*by 0.*add up to 3/],
    ['a split batch', () => split(x, 1, 0), /split of photo .*size N is known only when/],
    ['too few pads', () => pad(x, [1, 1]), /photo .*give 6 whole numbers/],
    ['negative pads', () => pad(x, [-1, 1], { axes: [1] }), /photo .*slice takes elements away/],
    ['a padded batch', () => pad(x, [1, 1], { axes: [0] }), /pad of photo .*size N is known only when/],
    ['too much reflection', () => pad(x, [3, 0], { axes: [1], mode: 'reflect' }), /photo .*reflection of 2/],
    ['an index outside', () => gather(x, [0, 3], 1), /photo .*index 3 along axis 1 is not from -3 to 2/],
    ['an index before', () => gather(x, -4, 1), /photo .*index -4/],
    ['a broken index', () => gather(x, [0.5], 1), /photo .*whole numbers/],
    ['float indices', () => gather(x, other, 1), /indices are other float32/],
    ['a squeeze of more than 1', () => squeeze(x, [1]), /squeeze of photo .*axis 1/],
    ['a squeeze of the batch', () => squeeze(x, [0]), /squeeze of photo .*axis 0/],
    ['an unsqueeze outside', () => unsqueeze(x, [4]), /unsqueeze of photo .*from -4 to 3/],
    ['an expansion of another size', () => expand(x, ['N', 6, 4]), /photo .*must be 1 or the new one/],
    ['an expansion to fewer dimensions', () => expand(x, [3, 4]), /photo .*must be 1 or the new one/],
    ['an expansion to a new batch', () => expand(x, ['M', 'N', 3, 4]), /photo .*expandAs/],
    ['an expansion to a value that does not fit', () => expandAs(x, other), /photo .*must be 1/],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(GraphError)
    expect(build).toThrow(message)
  })
})

describe('a node made by hand', () => {
  const type = { dtype: 'float32', shape: ['N', 2] } as const
  it('is refused where its rule is not known before it runs', () => {
    const graph = new Graph()
    const x = graph.input('x', 'float32', ['N', 4])
    const fed = graph.input('starts', 'int64', [1])
    const y = graph.inScope('crop', () => graph.add('Slice', [x, fed, fed], {}, [type]).output())
    expect(() => differentiate(reduceSum(y), [x])).toThrow(/Slice\(.*\) in crop: input 1 must be a constant/)
  })

  it('may leave out axes and steps of a Slice, or take negative steps', async () => {
    const graph = new Graph()
    const x = graph.input('x', 'float32', [5])
    const numbers = (...list: number[]): Value => ints(graph, list)
    const plain = graph.add('Slice', [x, numbers(1), numbers(3)], {}, [{ dtype: 'float32', shape: [2] }])
    const inputs = [x, numbers(-1), numbers(-5), numbers(0), numbers(-3)]
    const back = graph.add('Slice', inputs, {}, [{ dtype: 'float32', shape: [2] }])
    const loss = reduceSum(mul(plain.output(), back.output()))
    const gradient = differentiate(loss, [x]).get(x)!
    const [result] = await runGraph([gradient], { x: Tensor.from([1, 2, 3, 4, 5]) })
    expect([...result!.data]).toEqual([0, 5 + 3, 2, 0, 2])
  })

  it.each([
    ['wrap', 1, /wrap; use constant/],
    ['constant', -1, /negative pads/],
  ])('is refused where it pads in mode %s by %d', (mode, count, message) => {
    const graph = new Graph()
    const x = graph.input('x', 'float32', [4])
    const pads = graph.constant(new Tensor('int64', BigInt64Array.of(0n, BigInt(count)), [2]))
    const attributes = { mode: { string: mode } }
    const y = graph.add('Pad', [x, pads], attributes, [{ dtype: 'float32', shape: [4 + count] }]).output()
    expect(() => differentiate(reduceSum(y), [x])).toThrow(message)
  })
})
