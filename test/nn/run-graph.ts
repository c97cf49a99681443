import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { expect } from 'vitest'

import { Tensor } from '../../src/core/tensor.ts'
import type { Value } from '../../src/graph/graph.ts'
import { serialize } from '../../src/graph/serialize.ts'
import { lowerGraph } from '../../src/ops/lower.ts'
import type { Device } from '../../src/runtime/providers.ts'

/** Lowers the graph of `values` for a device, runs it once by ONNX Runtime on the CPU and gives the values' numbers. */
export async function runGraph(
  values: readonly Value[],
  feeds: Readonly<Record<string, Tensor>>,
  device: Device = 'cpu',
): Promise<Tensor[]> {
  const graph = values[0]!.graph
  for (const value of values) graph.output(value)
  const lowered = lowerGraph(graph, { device })
  const session = await InferenceSession.create(serialize(lowered.graph), { intraOpNumThreads: 1 })
  const inputs = session.inputNames.map((name) => {
    const { dtype, data, shape } = feeds[name]!
    return [name, new OrtTensor(dtype, data as never, shape)] as const
  })
  const results = await session.run(Object.fromEntries(inputs))
  await session.release()
  return values.map((value) => {
    const { type, data, dims } = results[lowered.map.get(value)!.name]!
    return new Tensor(type as 'float32', data as Float32Array<ArrayBuffer>, [...dims])
  })
}

/** Whether `actual` is PyTorch's result: the largest difference is below 1e-4 of the largest expected value. */
export function expectClose(actual: Tensor, expected: Tensor, what: string): void {
  expect(actual.shape, what).toEqual(expected.shape)
  const numbers = Array.from(expected.data, Number)
  const size = Math.max(1e-3, ...numbers.filter((value) => !Number.isNaN(value)).map(Math.abs))
  numbers.forEach((value, index) => {
    const given = Number(actual.data[index])
    if (Number.isNaN(value)) expect(given, `${what}, element ${index}`).toBeNaN()
    else expect(Math.abs(given - value) / size, `${what}, element ${index}`).toBeLessThan(1e-4)
  })
}
