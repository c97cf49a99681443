import { describe, expect, it } from 'vitest'

import { ArgumentError, DataError, evaluate, nn, predict, Tensor } from '../../src/index.ts'
import { separable } from './support.ts'

const engine = 'inline'
const criterion = new nn.CrossEntropyLoss()

function fixedLinear(): nn.Linear {
  const model = new nn.Linear(2, 2)
  model.loadStateDict(
    new Map([
      [
        'weight',
        Tensor.from([
          [-1, 0],
          [1, 0],
        ]),
      ],
      ['bias', Tensor.from([0, 0])],
    ]),
  )
  return model
}

const batch = (points: number[][], labels: number[]) => ({
  inputs: Tensor.from(points),
  labels: Tensor.from(labels, 'int32'),
})

/** As many batches as are given, again at each iteration. */
const source = (...batches: ReturnType<typeof batch>[]) => ({
  length: batches.length,
  async *[Symbol.asyncIterator]() {
    yield* await Promise.resolve(batches)
  },
})

describe('evaluate', () => {
  it('means loss and accuracy over samples, not over batches', async () => {
    const loader = source(batch([[1, 0], [1, 0], [1, 0]], [1, 1, 0]), batch([[-2, 0]], [0])) // prettier-ignore
    const { loss, accuracy } = await evaluate(fixedLinear(), loader, { criterion, engine })
    const right = (margin: number) => Math.log(1 + Math.exp(-margin))
    expect(accuracy).toBe(3 / 4)
    expect(loss).toBeCloseTo((2 * right(2) + right(-2) + right(4)) / 4, 5)
  })

  it('changes nothing', async () => {
    const { model, options } = separable()
    const before = model.stateDict()
    await evaluate(model, options.dataloaders.val, { criterion, engine })
    expect([model.stateDict(), model.training]).toEqual([before, true])
  })

  it('says that there is nothing to evaluate on', async () => {
    await expect(evaluate(fixedLinear(), source(), { criterion, engine })).rejects.toThrow(DataError)
  })
})

describe('predict', () => {
  it('gives logits for a batch, and for a loader those of all its batches in order', async () => {
    const [first, second] = [batch([[1, 0], [2, 0]], [0, 0]), batch([[-3, 0]], [0])] // prettier-ignore
    const one = await predict(fixedLinear(), first.inputs, { engine })
    expect(one.toList()).toEqual([[-1, 1], [-2, 2]]) // prettier-ignore
    const all = await predict(fixedLinear(), source(first, second), { engine })
    expect(all.toList()).toEqual([[-1, 1], [-2, 2], [3, -3]]) // prettier-ignore
  })

  it('says that there is nothing to predict', async () => {
    await expect(predict(fixedLinear(), source(), { engine })).rejects.toThrow(ArgumentError)
  })
})
