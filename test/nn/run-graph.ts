import { expect } from 'vitest'

import type { Tensor } from '../../src/core/tensor.ts'
import type { Value } from '../../src/graph/graph.ts'
import { serialize } from '../../src/graph/serialize.ts'
import { lowerGraph } from '../../src/ops/lower.ts'
import type { Device } from '../../src/runtime/providers.ts'
import { openTestSession, testDevice } from '../support/device.ts'

/** Lowers the graph of `values` for a device, runs it once on the one that is tested and gives the values' numbers. */
export async function runGraph(
  values: readonly Value[],
  feeds: Readonly<Record<string, Tensor>>,
  device: Device = testDevice,
): Promise<Tensor[]> {
  const graph = values[0]!.graph
  for (const value of values) graph.output(value)
  const lowered = lowerGraph(graph, { device })
  const session = await openTestSession(serialize(lowered.graph))
  try {
    const results = await session.run(feeds)
    return values.map((value) => results[lowered.map.get(value)!.name]!)
  } finally {
    await session.release()
  }
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
