import { readFileSync } from 'node:fs'

import { describe, test } from 'vitest'

import { differentiate } from '../../src/autodiff/differentiate.ts'
import { Tensor } from '../../src/core/tensor.ts'
import type { Value } from '../../src/graph/graph.ts'
import * as nn from '../../src/nn/nn.ts'
import { traceModule } from '../../src/nn/trace.ts'
import { mul } from '../../src/ops/elementwise.ts'
import { reduceSum } from '../../src/ops/reduce.ts'
import { expectClose, runGraph } from './run-graph.ts'

/** PyTorch's layers with their gradients: test/fixtures/nn/make.py. */
interface Packed {
  readonly shape: readonly number[]
  readonly data: string
}
interface Case {
  readonly name: string
  readonly layer: string
  readonly args: readonly unknown[]
  readonly training: boolean
  readonly state: Record<string, Packed>
  readonly x: Packed
  readonly y: Packed
  readonly dy: Packed
  readonly gradient: Packed
  readonly gradients: Record<string, Packed>
  readonly buffers: Record<string, Packed>
  readonly mask?: Packed
}
const file = new URL('../fixtures/nn/cases.json', import.meta.url)
const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[]

function unpack({ shape, data }: Packed): Tensor<'float32'> {
  return new Tensor('float32', new Float32Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer), shape)
}

function makeModule({ layer, args, training, state }: Case): nn.Module {
  const Layer = nn[layer as 'Linear'] as unknown as new (...options: readonly unknown[]) => nn.Module
  const module = new Layer(...args).train(training)
  const tensors = Object.entries(state).map(([key, packed]) => {
    const tensor = unpack(packed)
    return [key, key === 'num_batches_tracked' ? Tensor.full([], tensor.item(), 'int64') : tensor] as const
  })
  module.loadStateDict(new Map(tensors))
  return module
}

describe("layers and their gradients are PyTorch's", () => {
  test.each(cases)('$name', async (entry) => {
    const module = makeModule(entry)
    const [x, dy] = [unpack(entry.x), unpack(entry.dy)]
    const { trace, output } = traceModule(module, { inputShape: ['N', ...x.shape.slice(1)] })
    const loss = reduceSum(mul(output, trace.graph.input('dy', 'float32', output.shape)))
    const wrt = [trace.input, ...trace.parameters.map(({ value }) => value)]
    const gradients = differentiate(loss, wrt)

    const wanted = new Map<string, { value: Value; expected: Tensor }>()
    wanted.set('y', { value: output, expected: unpack(entry.y) })
    wanted.set('gradient of x', { value: gradients.get(trace.input)!, expected: unpack(entry.gradient) })
    for (const [key, packed] of Object.entries(entry.gradients)) {
      const { value } = trace.parameters.find(({ name }) => name === key)!
      wanted.set(`gradient of ${key}`, { value: gradients.get(value)!, expected: unpack(packed) })
    }
    for (const [key, packed] of Object.entries(entry.buffers)) {
      const traced = trace.buffers.find(({ name }) => name === key)
      // The session counts the batches, unless the layer's numbers depend on the count.
      if (!traced && key === 'num_batches_tracked') continue
      wanted.set(key, { value: traced!.next ?? traced!.value, expected: unpack(packed) })
    }

    const state = Object.fromEntries(module.stateDict())
    const feeds = { ...state, input: x, dy, 'dim:N': Tensor.from(x.shape[0]!) }
    const masks = entry.mask ? { 'mask:0': unpack(entry.mask) } : {}
    const results = await runGraph(
      [...wanted.values()].map(({ value }) => value),
      { ...feeds, ...masks },
    )
    ;[...wanted].forEach(([name, { expected }], index) => {
      expectClose(results[index]!, expected, name)
    })
  })
})
