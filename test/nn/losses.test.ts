import { readFileSync } from 'node:fs'

import { describe, expect, it, test } from 'vitest'

import { differentiate } from '../../src/autodiff/differentiate.ts'
import { ArgumentError, DTypeError, ShapeError } from '../../src/core/errors.ts'
import { Tensor, type NestedArray } from '../../src/core/tensor.ts'
import { Graph } from '../../src/graph/graph.ts'
import { BCEWithLogitsLoss, CrossEntropyLoss, MSELoss } from '../../src/nn/nn.ts'
import type { Criterion } from '../../src/runtime/criterion.ts'
import { expectClose, runGraph } from './run-graph.ts'

/** PyTorch's losses and their gradients: test/fixtures/losses/make.py. */
interface Case {
  readonly loss: 'CrossEntropyLoss' | 'BCEWithLogitsLoss' | 'MSELoss'
  readonly name: string
  readonly options: Record<string, NestedArray | 'mean' | 'sum'>
  readonly x: NestedArray
  readonly y: NestedArray
  readonly value: number
  readonly gradient: NestedArray
}
const file = new URL('../fixtures/losses/cases.json', import.meta.url)
const cases = JSON.parse(readFileSync(file, 'utf8'), asNumber) as Case[]

const losses: Record<Case['loss'], new (options: object) => Criterion> = {
  CrossEntropyLoss,
  BCEWithLogitsLoss,
  MSELoss,
}

function camelCased(options: Case['options']): object {
  const entries = Object.entries(options).map(([key, value]) => [
    key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    key.endsWith('weight') ? Tensor.from(value as NestedArray) : value,
  ])
  return Object.fromEntries(entries) as object
}

/** JSON has no numbers for these. */
function asNumber(_: string, value: unknown): unknown {
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : value
}

/** The loss and its gradient for the outputs. */
async function lossAndGradient(criterion: Criterion, x: Tensor, y: Tensor): Promise<Tensor[]> {
  const graph = new Graph()
  const outputs = graph.input('x', 'float32', ['N', ...x.shape.slice(1)])
  const loss = criterion.loss(outputs, graph.input('y', y.dtype, ['N', ...y.shape.slice(1)]))
  const gradient = differentiate(loss, [outputs]).get(outputs)!
  return runGraph([loss, gradient], { x, y, 'dim:N': Tensor.from(x.shape[0]!) })
}

describe("losses and their gradients are PyTorch's", () => {
  test.each(cases)('$loss: $name', async ({ loss, options, x, y, value, gradient }) => {
    const criterion = new losses[loss](camelCased(options))
    const targets = Tensor.from(y, criterion.targetType === 'float' ? 'float32' : 'int32')
    const [actual, actualGradient] = await lossAndGradient(criterion, Tensor.from(x), targets)
    expectClose(actual!, Tensor.from(value), 'loss')
    expectClose(actualGradient!, Tensor.from(gradient), 'gradient')
  })

  it('is NaN without spoiling the model where only labels of weight 0 are in the batch', async () => {
    const criterion = new CrossEntropyLoss({ weight: Tensor.from([0, 1]) })
    const [loss, gradient] = await lossAndGradient(
      criterion,
      Tensor.from([[1, 2]]),
      Tensor.from([0], 'int32'),
    )
    expect(loss!.item()).toBeNaN()
    expect(gradient!.toList()).toEqual([[0, 0]])
  })
})

describe('options that make no loss', () => {
  const logits = new Graph().input('x', 'float32', ['N', 3])

  it.each<[string, () => unknown, new (message: string) => Error]>([
    ['labelSmoothing', () => new CrossEntropyLoss({ labelSmoothing: 1.5 }), ArgumentError],
    ['ignoreIndex', () => new CrossEntropyLoss({ ignoreIndex: 0.5 }), ArgumentError],
    ['negative weight', () => new CrossEntropyLoss({ weight: Tensor.from([1, -1]) }), ArgumentError],
    ['weight of rank 2', () => new CrossEntropyLoss({ weight: Tensor.from([[1, 1]]) }), ArgumentError],
    ['int weight', () => new CrossEntropyLoss({ weight: Tensor.from([1, 1], 'int32') }), DTypeError],
    ['reduction', () => new CrossEntropyLoss({ reduction: 'none' as 'mean' }), ArgumentError],
    ['BCE: int weight', () => new BCEWithLogitsLoss({ posWeight: Tensor.from(1, 'int32') }), DTypeError],
    ['BCE: negative weight', () => new BCEWithLogitsLoss({ posWeight: Tensor.from(-1) }), ArgumentError],
    ['BCE: reduction', () => new BCEWithLogitsLoss({ reduction: 'none' as 'mean' }), ArgumentError],
    ['MSE: reduction', () => new MSELoss({ reduction: 'none' as 'mean' }), ArgumentError],
  ])('are refused when they are given: %s', (_, make, error) => {
    expect(make).toThrow(error)
  })

  it('are refused when the outputs are known', () => {
    const labels = logits.graph.input('labels', 'int32', ['N'])
    const weight = Tensor.from([1, 2])
    expect(() => new CrossEntropyLoss({ weight }).loss(logits, labels)).toThrow(ShapeError)
    expect(() => new CrossEntropyLoss({ weight }).loss(logits, labels)).toThrow(/2 classes.*3 outputs/)
    expect(() => new BCEWithLogitsLoss({ weight }).loss(logits, logits)).toThrow(ShapeError)
    expect(() => new BCEWithLogitsLoss({ posWeight: Tensor.zeros([4, 3]) }).loss(logits, logits)).toThrow(
      /\[4, 3\]/,
    )
  })
})
