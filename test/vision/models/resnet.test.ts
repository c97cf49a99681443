import { describe, expect, it } from 'vitest'

import { ArgumentError, StateDictError } from '../../../src/core/errors.ts'
import { Tensor } from '../../../src/core/tensor.ts'
import { Linear } from '../../../src/nn/linear.ts'
import { BasicBlock, ResNet, type ResNetOptions } from '../../../src/vision/models/resnet.ts'

const tiny = (options: ResNetOptions = {}) =>
  new ResNet({ block: BasicBlock, layers: [1, 1, 1, 1], width: 2 }, options)

describe('weights', () => {
  it('are loaded from a map or an object, and bring their number of classes', () => {
    const weights = tiny({ numClasses: 3 }).stateDict()
    for (const given of [weights, Object.fromEntries(weights)]) {
      const model = tiny({ weights: given })
      expect(model.fc.outFeatures).toBe(3)
      expect(model.stateDict().get('conv1.weight')!.equals(weights.get('conv1.weight')!)).toBe(true)
    }
    expect(tiny().fc.outFeatures).toBe(1000)
  })

  it('of another number of classes than asked for say how to get a new head', () => {
    const weights = tiny({ numClasses: 3 }).stateDict()
    expect(() => tiny({ weights, numClasses: 2 })).toThrow(ArgumentError)
    expect(() => tiny({ weights, numClasses: 2 })).toThrow(
      /numClasses is 2.*3 classes.*model\.fc = new nn\.Linear/,
    )
  })

  it('of another network name the keys', () => {
    const weights = tiny({ numClasses: 3 }).stateDict()
    weights.delete('conv1.weight')
    weights.set('layer5.0.bias', Tensor.zeros([1]))
    expect(() => tiny({ weights })).toThrow(StateDictError)
    expect(() => tiny({ weights })).toThrow(/ResNet.*missing keys: conv1\.weight.*layer5\.0\.bias/)
  })

  it('as a text are refused: the network knows no files', () => {
    const build = () => tiny({ weights: 'models/resnet18-f37072fd.pth' as never })
    expect(build).toThrow(ArgumentError)
    expect(build).toThrow(/await readStateDict\('models\/resnet18-f37072fd\.pth'\)/)
  })

  it('reject numClasses that is no count', () => {
    expect(() => tiny({ numClasses: 0 })).toThrow(/numClasses/)
  })
})

it('starts two models from different numbers', () => {
  const [a, b] = [tiny(), tiny()]
  expect(a.stateDict().get('conv1.weight')!.equals(b.stateDict().get('conv1.weight')!)).toBe(false)
})

it('takes another head', () => {
  const model = tiny()
  model.fc = new Linear(model.fc.inFeatures, 2)
  expect([...model.stateDict().keys()].slice(-2)).toEqual(['fc.weight', 'fc.bias'])
  expect(model.stateDict().get('fc.weight')!.shape).toEqual([2, 16])
})
