import { describe, expect, it } from 'vitest'

import { ArgumentError, ShapeError, StateDictError } from '../../src/core/errors.ts'
import { Generator } from '../../src/core/generator.ts'
import { Tensor } from '../../src/core/tensor.ts'
import type { Value } from '../../src/graph/graph.ts'
import * as nn from '../../src/nn/nn.ts'
import { traceModule } from '../../src/nn/trace.ts'
import { runGraph } from './run-graph.ts'

class Net extends nn.Module {
  conv = new nn.Conv2d(3, 4, 3)
  bn = new nn.BatchNorm2d(4)
  pool = new nn.AdaptiveAvgPool2d()
  fc: nn.Module = new nn.Linear(4, 2)

  forward(x: Value): Value {
    const features = this.pool.call(this.bn.call(this.conv.call(x)))
    return this.fc.call(new nn.Flatten().forward(features))
  }
}

const keysOf = (module: nn.Module) => [...module.stateDict().keys()]

const caught = (action: () => unknown): StateDictError => {
  try {
    action()
  } catch (error) {
    expect(error).toBeInstanceOf(StateDictError)
    return error as StateDictError
  }
  throw new Error('nothing was thrown')
}

describe('loadStateDict', () => {
  it('takes a map or a plain object, and copies', () => {
    const source = new Net().stateDict()
    for (const state of [source, Object.fromEntries(source)]) {
      const net = new Net()
      expect(net.loadStateDict(state)).toEqual({ missingKeys: [], unexpectedKeys: [] })
      expect(net.conv.weight.tensor.equals(source.get('conv.weight')!)).toBe(true)
      expect(net.conv.weight.tensor.data).not.toBe(source.get('conv.weight')!.data)
    }
  })

  it('says all that is wrong at once, and changes nothing', () => {
    const net = new Net()
    const before = net.stateDict()
    const state = net.stateDict()
    state.delete('conv.bias')
    state.set('head.weight', Tensor.zeros([1])).set('fc.weight', Tensor.zeros([3, 4]))
    state.set('fc.bias', Tensor.zeros([2], 'int32')).set('bn.bias', Tensor.full([4], 7))
    const error = caught(() => net.loadStateDict(state))
    expect(error).toMatchObject({
      missingKeys: ['conv.bias'],
      unexpectedKeys: ['head.weight'],
      mismatchedKeys: ['fc.weight', 'fc.bias'],
    })
    expect(error.message).toMatch(
      /Net.*conv\.bias.*head\.weight.*fc\.weight: float32 \[3, 4\] given, float32 \[2, 4\] needed.*fc\.bias: int32/,
    )
    for (const [key, tensor] of net.stateDict()) expect(tensor.equals(before.get(key)!), key).toBe(true)
  })

  it('skips keys without strict, but never shapes', () => {
    const net = new Net()
    const state = { 'bn.bias': Tensor.full([4], 7), other: Tensor.zeros([1]) }
    const { missingKeys, unexpectedKeys } = net.loadStateDict(state, { strict: false })
    expect(missingKeys).toEqual(keysOf(net).filter((key) => !/bn.bias|num_batches/.test(key)))
    expect(unexpectedKeys).toEqual(['other'])
    expect(net.bn.bias!.tensor.toList()).toEqual([7, 7, 7, 7])
    caught(() => net.loadStateDict({ 'bn.bias': Tensor.zeros([5]) }, { strict: false }))
  })

  it('needs no num_batches_tracked, which files of before 2018 lack', () => {
    const state = new Net().stateDict()
    state.delete('bn.num_batches_tracked')
    expect(new Net().loadStateDict(state).missingKeys).toEqual([])
  })

  it('says how to get rid of a prefix', () => {
    const wrapped = Object.fromEntries(
      [...new Net().stateDict()].map(([key, tensor]) => [`module.${key}`, tensor]),
    )
    expect(caught(() => new Net().loadStateDict(wrapped)).message).toMatch(
      /begin with 'module\.'.*take that off/,
    )
  })

  it('names the nearest key beside each that is missing or unexpected', () => {
    const state = new Net().stateDict()
    const [weight, bias] = [state.get('fc.weight')!, state.get('fc.bias')!]
    for (const key of ['fc.weight', 'fc.bias']) state.delete(key)
    state
      .set('head.fc.weight', weight)
      .set('fc.biass', bias)
      .set('optimizer', Tensor.zeros([1]))
    expect(caught(() => new Net().loadStateDict(state)).message).toMatch(
      /missing keys: fc\.weight \(nearest given: head\.fc\.weight\), fc\.bias \(nearest given: fc\.biass\); unexpected keys: head\.fc\.weight \(nearest missing: fc\.weight\), fc\.biass \(nearest missing: fc\.bias\), optimizer\./,
    )
  })

  it('lists ten keys of hundreds in the message, and all in the error', () => {
    const many = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`k${index}`, Tensor.zeros([1])]),
    )
    const error = caught(() => new Net().loadStateDict(many))
    expect(error.message).toMatch(/k9 and 290 more/)
    expect(error.unexpectedKeys).toHaveLength(300)
  })

  it.each(['resnet18.pth', undefined, null, 3])('refuses %s', (state) => {
    expect(() => new Net().loadStateDict(state as never)).toThrow(ArgumentError)
    expect(() => new Net().loadStateDict(state as never)).toThrow(/readStateDict/)
  })

  it('names a value that is no tensor', () => {
    const error = caught(() => new Net().loadStateDict({ 'bn.bias': [1, 2] as never }, { strict: false }))
    expect(error.message).toMatch(/bn\.bias: a object given/)
  })
})

describe('shared modules and parameters', () => {
  const shared = new nn.Linear(3, 3)
  const tied = new nn.Linear(3, 3)
  Object.assign(tied, { weight: shared.weight })
  const net = new nn.Sequential(shared, new nn.ReLU(), shared, tied)

  it('come once, and are called each time', () => {
    expect([...net.parameters()]).toEqual([shared.weight, shared.bias, tied.bias])
    expect([...net.namedParameters()].map(([name]) => name)).toEqual(['0.weight', '0.bias', '3.bias'])
    expect([...net.namedModules()].map(([name]) => name)).toEqual(['', '0', '1', '3'])
    const { trace } = traceModule(net, { inputShape: ['N', 3] })
    expect(trace.graph.nodes.filter(({ opType }) => opType === 'Gemm')).toHaveLength(3)
    expect(trace.parameters.map(({ name }) => name)).toEqual(['0.weight', '0.bias', '3.bias'])
  })

  it('are in the state dict under each name, as in PyTorch', () => {
    expect(keysOf(net)).toEqual(['0.weight', '0.bias', '2.weight', '2.bias', '3.weight', '3.bias'])
    expect(net.loadStateDict(net.stateDict()).missingKeys).toEqual([])
  })
})

describe('attributes', () => {
  it('can be replaced: the state dict, the trace and the parameters follow', () => {
    const net = new Net()
    net.fc = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 5))
    expect(keysOf(net).filter((key) => key.startsWith('fc'))).toEqual([
      'fc.0.weight',
      'fc.0.bias',
      'fc.2.weight',
      'fc.2.bias',
    ])
    expect([...net.parameters()]).toHaveLength(8)
    const { trace, output } = traceModule(net, { inputShape: ['N', 3, 6, 6] })
    expect(output.shape).toEqual(['N', 5])
    expect(trace.parameters.map(({ name }) => name)).toContain('fc.2.bias')
  })

  it('are set with methods that chain', () => {
    const net = new Net()
    expect(net.requiresGrad_(false).eval()).toBe(net)
    expect([...net.parameters()].some(({ requiresGrad }) => requiresGrad)).toBe(false)
    expect(net.bn.training).toBe(false)
    expect(net.train().bn.training).toBe(true)
  })
})

describe('initial weights without a generator', () => {
  it('differ between equal layers', () => {
    const [a, b] = [new nn.Linear(4, 2), new nn.Linear(4, 2)]
    expect(a.weight.tensor.equals(b.weight.tensor)).toBe(false)
    expect(new nn.Conv2d(1, 1, 3).weight.tensor.equals(new nn.Conv2d(1, 1, 3).weight.tensor)).toBe(false)
  })

  it('lie within the bound of PyTorch', () => {
    const { weight, bias } = new nn.Linear(100, 50)
    const largest = Math.max(...Array.from(weight.tensor.data as Float32Array, Math.abs))
    expect(largest).toBeGreaterThan(0.09)
    expect(Math.max(largest, ...Array.from(bias!.tensor.data as Float32Array, Math.abs))).toBeLessThan(0.1)
  })
})

describe('layers refuse', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['sizes', () => new nn.Linear(0, 2), /Linear: inFeatures .* not 0/],
    ['fractions', () => new nn.Linear(2, 1.5), /outFeatures .* not 1.5/],
    ['groups', () => new nn.Conv2d(4, 6, 3, { groups: 4 }), /4 groups must divide both 4 .* 6/],
    ['a stride of 0', () => new nn.Conv2d(4, 6, 3, { stride: 0 }), /stride/],
    ['a negative padding', () => new nn.Conv2d(4, 6, 3, { padding: [0, -1] }), /padding .* not -1/],
    ['three sizes', () => new nn.Conv2d(4, 6, [1, 2, 3] as never), /kernelSize .* \[1, 2, 3\]/],
    [
      "'same' with a stride",
      () => new nn.Conv2d(4, 6, 3, { stride: 2, padding: 'same' }),
      /'same' needs stride 1/,
    ],
    [
      'a padding by another name',
      () => new nn.Conv2d(4, 6, 3, { padding: 'full' as never }),
      /padding .* not full/,
    ],
    ['a momentum', () => new nn.BatchNorm2d(4, { momentum: 2 }), /momentum/],
    ['an eps', () => new nn.BatchNorm2d(4, { eps: -1 }), /eps/],
    ['no dimensions', () => new nn.LayerNorm([]), /normalizedShape/],
    ['a padding beyond the kernel', () => new nn.MaxPool2d(3, { padding: 2 }), /MaxPool2d: padding \[2, 2\]/],
    ['output sizes', () => new nn.AdaptiveAvgPool2d([7, 7]), /\[7, 7\]/],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(ArgumentError)
    expect(make).toThrow(message)
  })

  it.each<[string, nn.Module, (number | string)[]]>([
    ['Linear', new nn.Linear(4, 2), ['N', 5]],
    ['Conv2d', new nn.Conv2d(3, 2, 3), ['N', 1, 8, 8]],
    ['BatchNorm2d', new nn.BatchNorm2d(4), ['N', 4]],
    ['LayerNorm', new nn.LayerNorm([4]), ['N', 5]],
    ['BatchNorm2d, one value a channel', new nn.BatchNorm2d(4), [1, 4, 1, 1]],
  ])('inputs that do not fit: %s', (name, module, inputShape) => {
    expect(() => traceModule(module, { inputShape })).toThrow(ShapeError)
    expect(() => traceModule(module, { inputShape })).toThrow(name.split(',')[0])
  })
})

it('moves running statistics twice in a module that is called twice', async () => {
  const bn = new nn.BatchNorm2d(1)
  const { trace } = traceModule(new nn.Sequential(bn, bn), { inputShape: ['N', 1, 1, 2] })
  const { next } = trace.buffers.find(({ name }) => name === '0.running_mean')!
  const state = Object.fromEntries([...bn.stateDict()].map(([key, tensor]) => [`0.${key}`, tensor]))
  const feeds = { input: Tensor.from([[[[90, 110]]]]), 'dim:N': Tensor.from(1) }
  const [mean] = await runGraph([next!], { ...feeds, ...state })
  // 0.1 · 100 from the first call, of which the second, with mean 0, leaves 0.9.
  expect(mean!.data[0]).toBeCloseTo(9, 4)
})

describe('initial weights', () => {
  it('are the same whether they are read at once or made in turns', async () => {
    const make = () => new nn.Linear(300, 400, { generator: new Generator(3) })
    const [read, inTurns] = [make(), make()]
    let pauses = 0
    await inTurns.weight.materialize(() => {
      pauses++
      return Promise.resolve()
    })
    expect(pauses).toBeGreaterThan(1)
    expect(inTurns.weight.tensor.equals(read.weight.tensor)).toBe(true)
  })

  it('give way to a state dict that comes while they are made', async () => {
    const linear = new nn.Linear(300, 400)
    const zeros = Tensor.zeros([400, 300])
    await linear.weight.materialize(() => {
      linear.weight.tensor = zeros
      return Promise.resolve()
    })
    expect(linear.weight.tensor).toBe(zeros)
  })
})
