import { describe, expect, it } from 'vitest'

import { differentiate } from '../../src/autodiff/differentiate.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { Graph, type Value } from '../../src/graph/graph.ts'
import { keepHalves } from '../../src/graph/keep-halves.ts'
import { composed } from '../../src/graph/rewrite.ts'
import { serialize } from '../../src/graph/serialize.ts'
import { add, mul } from '../../src/ops/elementwise.ts'
import { maximum } from '../../src/ops/extremes.ts'
import { lowerGraph } from '../../src/ops/lower.ts'
import { maxPool } from '../../src/ops/pool.ts'
import { reduceSum } from '../../src/ops/reduce.ts'
import { EngineHost } from '../../src/runtime/engine-host.ts'

/** What a model `y = f(x, w)` is made of: its output, and what stands for it in the loss. */
type Model = (x: Value, w: Value) => Value

interface Case {
  readonly x: Tensor
  readonly w: Tensor
  /** Weighs the outputs in the loss. Default: ones. */
  readonly dy?: Tensor
  /** Which device's operators. They are run on the CPU. Default: its own. */
  readonly formulation?: 'cpu' | 'webgpu'
}

/** The gradient of Σ dy · model(x, w) for `w`, with activations kept in float32 or in float16. */
async function gradientOf(model: Model, { x, w, dy, formulation = 'cpu' }: Case, isHalf: boolean) {
  const graph = new Graph()
  const [input, weight] = [
    graph.input('x', 'float32', ['N', ...x.shape.slice(1)]),
    graph.input('w', 'float32', w.shape),
  ]
  const output = graph.output(model(input, weight))
  const loss = graph.output(reduceSum(mul(output, graph.constant(dy ?? Tensor.full([], 1)))))
  graph.output(differentiate(loss, [weight]).get(weight)!)
  let pass = lowerGraph(graph, { device: formulation })
  const end = { output: pass.map.get(output)!, loss: pass.map.get(loss)! }
  if (isHalf) pass = composed(pass, keepHalves(pass.graph, { ...end, hasIntegers: formulation === 'cpu' }))
  const [gradient] = pass.graph.outputs.slice(-1)
  const program = { model: serialize(pass.graph), stateInputs: {}, updates: {}, fetches: [gradient!.name] }
  const engine = await EngineHost.start({ device: 'cpu' })
  await engine.load('gradient', program)
  const results = await engine.run('gradient', { x, w })
  await engine.close()
  return { gradient: Array.from(results[gradient!.name]!.data, Number), graph: pass.graph }
}

/** How many values the graph keeps in float16. */
const halvesOf = (graph: Graph): number =>
  graph.nodes.flatMap(({ outputs }) => outputs).filter(({ storage }) => storage === 'float16').length

// 0.1 and 0.3 are no numbers of float16: 0.0999755859375 and 0.300048828125 are the nearest.
const [tenth, nearTenth] = [Math.fround(0.1), 0.0999755859375]

describe('keepHalves', () => {
  it('has gradients of the rounded numbers', async () => {
    const model: Model = (x, w) => mul(add(x, 0), w)
    const given = { x: Tensor.from([[0.1, 0.3]]), w: Tensor.from([1, 1]) }
    expect((await gradientOf(model, given, false)).gradient).toEqual([tenth, Math.fround(0.3)])
    expect((await gradientOf(model, given, true)).gradient).toEqual([nearTenth, 0.300048828125])
  })

  it('clips numbers beyond float16’s range, and keeps the model’s inputs as they are', async () => {
    const given = { x: Tensor.from([[1e5, -1e6]]), w: Tensor.from([1, 1]) }
    const inner = await gradientOf((x, w) => mul(add(x, 0), w), given, true)
    expect(inner.gradient).toEqual([65_504, -65_504])
    expect((await gradientOf((x, w) => mul(x, w), given, true)).gradient).toEqual([1e5, -1e6])
  })

  it('leaves ties between what is computed and a parameter ties', async () => {
    const model: Model = (x, w) => maximum(mul(x, 1), w)
    const given = { x: Tensor.from([[0.1, 0.1]]), w: Tensor.from([0.1, 0.3]) }
    const { gradient, graph } = await gradientOf(model, given, true)
    expect(gradient).toEqual([0.5, 1])
    expect(halvesOf(graph)).toBe(0)
  })

  it('rounds both of two that are compared', async () => {
    const model: Model = (x, w) => {
      const y = mul(x, w)
      return maximum(y, add(mul(y, 1), 0))
    }
    const given = { x: Tensor.from([[0.1, 0.3]]), w: Tensor.from([1, 1]) }
    expect(halvesOf((await gradientOf(model, given, true)).graph)).toBeGreaterThanOrEqual(2)
    const [wide, half] = [await gradientOf(model, given, false), await gradientOf(model, given, true)]
    expect(half.gradient).toEqual(wide.gradient)
  })
})

describe.each(['cpu', 'webgpu'] as const)(
  'the gradient of MaxPool with activations in float16, as on %s',
  (formulation) => {
    const values = Float32Array.from({ length: 2 * 36 }, (_, index) => Math.sin(index * index))
    const x = new Tensor('float32', values, [2, 1, 6, 6])
    const dy = new Tensor(
      'float32',
      Float32Array.from({ length: 9 }, (_, index) => index + 1),
      [1, 1, 3, 3],
    )
    const given = { x, w: Tensor.full([1, 1, 6, 6], 0.7), dy, formulation }
    const pool = (y: Value) => maxPool(y, 3, { strides: 2, padding: 1 })

    it.each([
      ['within the model', (x: Value, w: Value) => add(pool(mul(x, w)), 1), 2],
      // What comes out isn't rounded, and so what goes in isn't either where they are compared.
      ['at its end', (x: Value, w: Value) => pool(mul(x, w)), formulation === 'cpu' ? 1 : 0],
    ] as const)('goes to the same maxima: %s', async (_, model, halves) => {
      const [wide, half] = [await gradientOf(model, given, false), await gradientOf(model, given, true)]
      expect(wide.gradient.some((value) => value !== 0)).toBe(true)
      expect(half.gradient).toEqual(wide.gradient)
      expect(halvesOf(half.graph)).toBeGreaterThanOrEqual(Math.min(1, halves))
      if (halves === 0) expect(halvesOf(half.graph)).toBe(0)
    })
  },
)
