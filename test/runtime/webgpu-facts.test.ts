import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { describe, expect, it } from 'vitest'

import { Graph } from '../../src/graph/graph.ts'
import { serialize } from '../../src/graph/serialize.ts'
import { conv, fallsToCpu, images, ints, random, right, x, type One } from './webgpu-cases.ts'
import { onWebgpu, openStrict, ortTensor, whyNoWebgpu } from './webgpu.ts'

/**
 * What ONNX Runtime 1.30's WebGPU does and doesn't: the reasons for what the library emits on that device. A test that fails
 * after an upgrade says that a reason has gone, or that a new one has come.
 */

/** A model of one operator. */
function modelOf({ type, inputs, attributes = {}, outputs = ['float32'], constants = [], shape }: One) {
  const graph = new Graph()
  const values = inputs.map((tensor, index) =>
    constants.includes(index) ? graph.constant(tensor) : graph.input(`x${index}`, tensor.dtype, tensor.shape),
  )
  const node = graph.add(
    type,
    values,
    attributes,
    outputs.map((dtype) => ({ dtype, shape })),
  )
  for (const value of node.outputs) graph.output(value)
  return serialize(graph)
}

/** Runs one operator and gives its first output. */
async function run(one: One, options: Parameters<typeof openStrict>[1] = {}): Promise<number[]> {
  const session = await openStrict(modelOf(one), options)
  try {
    const feeds = session.inputNames.map((name) => [name, ortTensor(one.inputs[Number(name.slice(1))]!)])
    const results = await session.run(Object.fromEntries(feeds) as never)
    return Array.from(results[session.outputNames[0]!]!.data as Float32Array, Number)
  } finally {
    await session.release()
  }
}

const onCpu = { provider: 'cpu', extra: {} } as const

function distance(a: readonly number[], b: readonly number[]): number {
  expect(a).toHaveLength(b.length)
  return Math.max(...a.map((value, index) => Math.abs(value - b[index]!)))
}

describe.skipIf(whyNoWebgpu !== undefined)(onWebgpu('in the layout NCHW, on the device and right'), () => {
  it.each(Object.keys(right))('%s', async (name) => {
    const one = right[name]!
    const [own, expected] = [await run(one), await run(one, onCpu)]
    expect(distance(own, expected)).toBeLessThan(2e-5 * Math.max(1, ...expected.map(Math.abs)))
  })
})

describe.skipIf(whyNoWebgpu !== undefined)(onWebgpu('not on the device'), () => {
  it.each(Object.keys(fallsToCpu))('%s', async (name) => {
    await expect(openStrict(modelOf(fallsToCpu[name]!))).rejects.toThrow(/fallback to CPU EP/)
  })
})

describe.skipIf(whyNoWebgpu !== undefined)(onWebgpu('wrong'), () => {
  const nhwc = { provider: { name: 'webgpu' } } as const
  it.each([
    ['Conv of 6 channels', conv(6, 8)],
    ['grouped Conv with 9 outputs a group, as im2col by one-hot weights has', conv(4, 36, 4)],
  ])('in the default layout NHWC: %s', async (_, one) => {
    const [own, expected] = [await run(one, nhwc), await run(one, onCpu)]
    expect(distance(own, expected)).toBeGreaterThan(0.1)
    expect(distance(await run(one), expected)).toBeLessThan(1e-4)
  })

  it.each([
    ['backwards from the end', 5],
    ['backwards from elsewhere', 3],
  ])('Slice %s', async (name, start) => {
    const inputs = [x, ints(start), ints(-100), ints(2), ints(-1)]
    const one: One = { type: 'Slice', inputs, constants: [1, 2, 3, 4], shape: [2, 4, start + 1] }
    const isRight = distance(await run(one), await run(one, onCpu)) < 1e-6
    expect(isRight).toBe(name === 'backwards from the end')
  })

  it('MaxPool with indices, and BatchNormalization in training mode: they fail when they run', async () => {
    const attributes = { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] } }
    const pool: One = {
      type: 'MaxPool',
      inputs: [random([1, 1, 4, 4])],
      attributes,
      outputs: ['float32', 'int64'],
      shape: [1, 1, 2, 2],
    }
    await expect(run(pool, { extra: {} })).rejects.toThrow(/MaxPool/)
    const norm: One = {
      type: 'BatchNormalization',
      inputs: [images, random([6]), random([6]), random([6]), random([6])],
      attributes: { training_mode: { int: 1 } },
      outputs: ['float32', 'float32', 'float32'],
      shape: images.shape,
    }
    await expect(run(norm, { extra: {} })).rejects.toThrow(/BatchNormalization/)
  })

  it.each(['getData', 'released'])(
    'in Node, a buffer whose numbers are asked for by getData, or whose session is gone: the process dies (%s)',
    (what) => {
      const script = fileURLToPath(new URL('../fixtures/runtime/webgpu-abort.ts', import.meta.url))
      const start = () =>
        execFileSync(process.execPath, [...process.execArgv, script, what], {
          encoding: 'utf8',
          stdio: 'pipe',
        })
      expect(start).toThrow(expect.objectContaining({ stdout: 'ran\n', status: null }))
    },
  )
})
