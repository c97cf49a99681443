import { readFileSync } from 'node:fs'

import { expect } from 'vitest'

import { Tensor } from '../../src/core/tensor.ts'
import { Graph, type Value } from '../../src/graph/graph.ts'
import { serialize } from '../../src/graph/serialize.ts'
import { lowerGraph } from '../../src/ops/lower.ts'
import type { LoweringTarget, OpDefinition } from '../../src/ops/registry.ts'
import { openTestSession, testDevice } from '../support/device.ts'

/** Runs single operators and their gradient rules against PyTorch's numbers (test/fixtures/ops-nn/make.py). */

interface Packed {
  readonly shape: readonly number[]
  /** In base64. */
  readonly data: string
  /** Whether they are sixty-fourths in a byte each, instead of float32. */
  readonly bytes?: boolean
}

export interface Case {
  readonly family: string
  readonly name: string
  readonly op: string
  readonly options: Record<string, never>
  readonly inputs: readonly Packed[]
  readonly y: Packed
  readonly dy: Packed
  readonly gradients: readonly Packed[]
  /** Default: 1e-4. */
  readonly tolerance?: number
}

const all = JSON.parse(
  readFileSync(new URL('../fixtures/ops-nn/cases.json', import.meta.url), 'utf8'),
) as Case[]

/** The cases of one family. */
export const casesOf = (family: string): Case[] => all.filter((entry) => entry.family === family)

function unpack({ data, bytes }: Packed): Float32Array<ArrayBuffer> {
  const { buffer } = Uint8Array.from(Buffer.from(data, 'base64'))
  return bytes ? Float32Array.from(new Int8Array(buffer), (value) => value / 64) : new Float32Array(buffer)
}

const tensor = (packed: Packed): Tensor => new Tensor('float32', unpack(packed), packed.shape)

/** Builds y and its gradients, lowers them for `device`, runs them and compares. */
export async function check(
  entry: Case,
  build: (entry: Case, inputs: Value[]) => Value,
  definitions: readonly OpDefinition[],
  device: LoweringTarget['device'] = testDevice,
): Promise<void> {
  const graph = new Graph()
  const symbolic = ['conv', 'pool', 'norm'].includes(entry.family)
  const inputs = entry.inputs.map(({ shape }, index) =>
    graph.input(`x${index}`, 'float32', index === 0 && symbolic ? ['N', ...shape.slice(1)] : shape),
  )
  const y = build(entry, inputs)
  const dy = graph.input('dy', 'float32', y.shape)
  const node = y.producer!
  const rule = definitions.find(({ type }) => type === node.opType)!
  const needs = node.inputs.map((_, index) => index < entry.gradients.length)
  const gradients = rule.gradient!(
    node,
    node.outputs.map((output) => (output === y ? dy : undefined)),
    needs,
  )
  const wanted = [y, ...gradients.slice(0, entry.gradients.length).map((value) => value!)]
  for (const value of wanted) graph.output(value)
  const lowered = lowerGraph(graph, { device })
  const names = wanted.map((value) => lowered.map.get(value)!.name)
  const session = await openTestSession(serialize(lowered.graph))
  const feeds = entry.inputs.map((input, index) => [`x${index}`, tensor(input)] as const)
  const batch = Tensor.from(entry.inputs[0]!.shape[0]!)
  const results = await session
    .run({ ...Object.fromEntries(feeds), dy: tensor(entry.dy), 'dim:N': batch })
    .finally(() => session.release())
  const expected = [entry.y, ...entry.gradients]
  expected.forEach((packed, index) => {
    const what = index === 0 ? 'y' : `gradient ${index - 1}`
    expect(results[names[index]!]!.shape, what).toEqual(packed.shape)
    expect(relativeError(results[names[index]!]!.data as Float32Array, unpack(packed)), what).toBeLessThan(
      entry.tolerance ?? 1e-4,
    )
  })
}

/** Largest difference, in units of the largest expected value. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  let [difference, size] = [0, 1e-3]
  expected.forEach((value, index) => {
    difference = Math.max(difference, Math.abs(value - actual[index]!))
    size = Math.max(size, Math.abs(value))
  })
  return Number.isNaN(difference) ? Infinity : difference / size
}
