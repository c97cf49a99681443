import { readFileSync } from 'node:fs'

import { expect, it } from 'vitest'

import { differentiate } from '../../src/autodiff/differentiate.ts'
import { Tensor, type NestedArray } from '../../src/core/tensor.ts'
import { Graph, type Dim, type Value } from '../../src/graph/graph.ts'
import { mul } from '../../src/ops/elementwise.ts'
import { reduceSum } from '../../src/ops/reduce.ts'
import type { Device } from '../../src/runtime/providers.ts'
import { expectClose, runGraph } from '../nn/run-graph.ts'
import { testDevice } from '../support/device.ts'

/** PyTorch's output and gradients of an operator, as the `make.py` beside them wrote them. */
export interface OpCase {
  readonly inputs: readonly NestedArray[]
  readonly y: NestedArray
  readonly dy: NestedArray
  readonly gradients: readonly NestedArray[]
}

/** Builds the operator of a case. */
export type Builders = Readonly<Record<string, (...inputs: Value[]) => Value>>

/** How a case is run. */
export interface OpCheck {
  /** Shape in the graph of an input, or of the result, which has `result`'s sizes. Default: as it is. */
  readonly shapeOf?: (shape: readonly number[], result: readonly number[]) => readonly Dim[]
  /** What it's lowered for. */
  readonly device?: Device
}

/** The cases of a file under test/fixtures, and a test that each has its builder. */
export function opCases(path: string, builders: Builders): Record<string, OpCase> {
  const file = new URL(`../fixtures/${path}`, import.meta.url)
  const cases = JSON.parse(readFileSync(file, 'utf8')) as Record<string, OpCase>
  it('has a builder for each case', () => {
    expect(Object.keys(builders)).toEqual(Object.keys(cases))
  })
  return cases
}

/** Compares an operator's output and gradients, their shapes included, with PyTorch's, and gives the output. */
export async function checkOp(
  entry: OpCase,
  build: (...inputs: Value[]) => Value,
  { shapeOf = (shape) => shape, device = testDevice }: OpCheck = {},
): Promise<Value> {
  const [tensors, dy] = [entry.inputs.map((input) => Tensor.from(input)), Tensor.from(entry.dy)]
  const graph = new Graph()
  const inputs = tensors.map(({ shape }, index) =>
    graph.input(`x${index}`, 'float32', shapeOf(shape, dy.shape)),
  )
  const y = build(...inputs)
  const loss = reduceSum(mul(y, graph.input('dy', 'float32', y.shape)))
  const gradients = differentiate(loss, inputs)
  const wanted = inputs.map((input) => gradients.get(input)!)
  expect(wanted.map(({ shape }) => shape)).toEqual(inputs.map(({ shape }) => shape))
  const feeds = Object.fromEntries(tensors.map((tensor, index) => [`x${index}`, tensor]))
  const results = await runGraph([y, ...wanted], { ...feeds, dy }, device)
  for (const [index, expected] of [entry.y, ...entry.gradients].entries()) {
    expectClose(results[index]!, Tensor.from(expected), index === 0 ? 'y' : `gradient ${index - 1}`)
  }
  return y
}
