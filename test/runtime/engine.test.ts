import { existsSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { ArgumentError, RuntimeError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { Graph } from '../../src/graph/graph.ts'
import { serialize, serializeApart } from '../../src/graph/serialize.ts'
import { EngineHost } from '../../src/runtime/engine-host.ts'
import { checkDevice } from '../../src/runtime/providers.ts'
import { startEngine } from '../../src/runtime/start-engine.ts'

/** total' = total + x; returns total'. */
function accumulator() {
  const graph = new Graph()
  const type = { dtype: 'float32', shape: [2] } as const
  const next = graph.output(
    graph
      .add('Add', [graph.input('x', 'float32', [2]), graph.input('total', 'float32', [2])], {}, [type])
      .output(),
  )
  const name = next.name
  return {
    name,
    program: {
      model: serialize(graph),
      stateInputs: { total: 't' },
      updates: { [name]: 't' },
      fetches: [name],
    },
  }
}
const tensor = (...values: number[]) => ({
  dtype: 'float32' as const,
  data: Float32Array.from(values),
  shape: [2],
})

describe('the engine beside its worker', () => {
  it.each([
    ['ONNX Runtime’s C interface', undefined],
    ['the package’s interface', false],
  ])('keeps, overwrites where it may, and restores: %s', async (_, isNative) => {
    const host = await EngineHost.start({ device: 'cpu', threads: 1, isNative })
    const { name, program } = accumulator()
    await host.load('step', { ...program, inPlace: ['t'] })
    await host.push({ t: tensor(1, 2) })
    const next = async () => [...(await host.run('step', { x: tensor(1, 1) }))[name]!.data]
    expect(await next()).toEqual([2, 3])
    await host.snapshot('best', ['t'])
    expect(await next()).toEqual([3, 4])
    expect(await next()).toEqual([4, 5])
    await host.restore('best')
    expect(await next()).toEqual([3, 4])
    await host.restore('best')
    expect([...(await host.pull(['t'])).t!.data]).toEqual([2, 3])
    await host.close()
  })
})

describe.each(['inline', 'worker'] as const)('the %s engine', (engine) => {
  it('keeps state between runs, takes snapshots and restores them', async () => {
    const host = await startEngine('cpu', { engine, threads: 1 })
    const { name, program } = accumulator()
    await host.load('step', program)
    await host.push({ t: tensor(1, 2) })
    await host.run('step', { x: tensor(1, 1) })
    await host.snapshot('best', ['t'])
    const results = await host.run('step', { x: tensor(1, 1) })
    expect([...results[name]!.data]).toEqual([3, 4])
    await host.restore('best')
    expect([...(await host.pull(['t'])).t!.data]).toEqual([2, 3])
    await host.close()
    await host.close()
  })

  it('takes large constants beside the model', async () => {
    const graph = new Graph()
    const shape = [2, 300]
    const weight = Tensor.full(shape, 3)
    const sum = graph.add('Add', [graph.input('x', 'float32', shape), graph.constant(weight)], {}, [
      { dtype: 'float32', shape },
    ])
    const { name } = graph.output(sum.output())
    const { model, weights } = await serializeApart(graph, () => Promise.resolve())
    expect(Object.values(weights)).toEqual([weight])
    expect(model.length).toBeLessThan(weight.data.byteLength)
    const host = await startEngine('cpu', { engine, threads: 1 })
    await host.load('sum', { model, weights, stateInputs: {}, updates: {}, fetches: [name] })
    expect(weight.data[0]).toBe(3)
    const results = await host.run('sum', { x: Tensor.full(shape, 1) })
    expect(new Set(results[name]!.data as Float32Array)).toEqual(new Set([4]))
    await host.close()
  })

  it('makes a session with resident weights anew when they have changed', async () => {
    const graph = new Graph()
    const weight = graph.constant(Tensor.full([2], 0), 't')
    const product = graph.add('Mul', [graph.input('x', 'float32', [2]), weight], {}, [weight])
    const { name } = graph.output(product.output())
    const { model } = await serializeApart(graph, () => Promise.resolve(), new Set(['t']))
    const host = await startEngine('cpu', { engine, threads: 1 })
    const step = accumulator()
    await host.load('step', step.program)
    const residentWeights = { t: 't' }
    await host.load('product', { model, residentWeights, stateInputs: {}, updates: {}, fetches: [name] })
    await host.push({ t: tensor(1, 2) })
    const productOf = async () => [...(await host.run('product', { x: tensor(10, 10) }))[name]!.data]
    expect(await productOf()).toEqual([10, 20])
    await host.snapshot('first', ['t'])
    await host.run('step', { x: tensor(1, 1) })
    expect(await productOf()).toEqual([20, 30])
    expect(await productOf()).toEqual([20, 30])
    await host.restore('first')
    expect(await productOf()).toEqual([10, 20])
    await host.push({ t: tensor(5, 6) })
    expect(await productOf()).toEqual([50, 60])
    await host.close()
  })

  it('copies what is pushed, and gives copies when pulled', async () => {
    const host = await startEngine('cpu', { engine, threads: 1 })
    const large = Tensor.full([700_000], 1)
    await host.push({ large, t: tensor(1, 2) })
    large.data.fill(2)
    const first = await host.pull(['large', 't'])
    first.t!.data[0] = 9
    expect([...(await host.pull(['t'])).t!.data]).toEqual([1, 2])
    expect(new Set(first.large!.data as Float32Array)).toEqual(new Set([1]))
    expect(first.large!.shape).toEqual([700_000])
    await host.close()
  })

  it('works calls off in their order, also where an earlier one has more to copy', async () => {
    const remote = await startEngine('cpu', { engine })
    const large = { dtype: 'float32' as const, data: new Float32Array(2 ** 22), shape: [2 ** 22] }
    const calls = [remote.push({ t: large }), remote.push({ t: tensor(1, 2) })]
    const { t } = await remote.pull(['t'])
    await Promise.all(calls)
    expect([...t!.data]).toEqual([1, 2])
    await remote.close()
  })

  it('names what is missing', async () => {
    const host = await startEngine('cpu', { engine })
    await expect(host.run('step', {})).rejects.toThrow(/no program step/)
    await expect(host.pull(['w'])).rejects.toBeInstanceOf(RuntimeError)
    await host.close()
  })

  it('gives what ONNX Runtime throws the same type and cause', async () => {
    const host = await startEngine('cpu', { engine, threads: 1 })
    const program = { ...accumulator().program, model: Uint8Array.of(1, 2, 3) }
    const error = await host.load('step', program).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(RuntimeError)
    expect(error).toMatchObject({
      message: expect.stringMatching(/can't load the program step: /) as unknown,
    })
    expect((error as Error).cause).toBeInstanceOf(Error)
    await expect(host.run('step', {})).rejects.toThrow(/no program step/)
    await host.close()
  })

  it.skipIf(existsSync('/proc/driver/nvidia'))(
    'says before any work that a device can not be used, and the remedy (where there is no NVIDIA driver)',
    async () => {
      const start = startEngine('cuda', { engine, threads: 1 })
      await expect(start).rejects.toThrow(RuntimeError)
      await expect(start).rejects.toThrow(/device: 'cuda' can't be used: .*CUDA 12.*device: 'cpu'/s)
    },
  )
})

it('keeps working after a call that could not be sent', async () => {
  const host = await startEngine('cpu', { threads: 1 })
  const unsendable = { x: { ...tensor(1, 2), shape: [() => 2] as never } }
  await expect(host.run('step', unsendable)).rejects.toThrow(/could not be cloned/)
  await host.push({ t: tensor(1, 2) })
  expect([...(await host.pull(['t'])).t!.data]).toEqual([1, 2])
  await host.close()
})

it('transfers buffers when asked, and copies otherwise', async () => {
  const host = await startEngine('cpu', { threads: 1 })
  await host.load('step', accumulator().program)
  await host.push({ t: tensor(0, 0) })
  const [kept, given] = [tensor(1, 1), tensor(1, 1)]
  await host.run('step', { x: kept })
  await host.run('step', { x: given }, true)
  expect([kept.data.length, given.data.length]).toEqual([2, 0])
  await host.close()
})

it('refuses an unknown device', () => {
  expect(() => checkDevice('tpu')).toThrow(ArgumentError)
})
