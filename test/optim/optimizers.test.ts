import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { ArgumentError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { Graph, type Value } from '../../src/graph/graph.ts'
import { serialize } from '../../src/graph/serialize.ts'
import { lowerGraph } from '../../src/ops/lower.ts'
import { Adam, AdamW } from '../../src/optim/adam.ts'
import { SGD } from '../../src/optim/sgd.ts'
import { openTestSession, testDevice } from '../support/device.ts'

/** PyTorch's parameters after each of ten steps: test/fixtures/optim/make.py. */
interface Fixture {
  readonly start: number[][]
  readonly grads: number[][][]
  readonly cases: Record<string, { kind: string; options: { lr: number }; trajectory: number[][][] }>
}
const fixture = new URL('../fixtures/optim/trajectories.json', import.meta.url)
const { start, grads, cases } = JSON.parse(readFileSync(fixture, 'utf8')) as Fixture
const kinds = { SGD, Adam, AdamW }
const parameterOf = (values: number[]) => ({ tensor: Tensor.from(values), requiresGrad: true })
type AnyOptimizer = SGD | Adam

/** An object of what `entry` makes of each of another's. */
function mapped<T, U>(
  values: Readonly<Record<string, T>>,
  entry: (name: string, value: T) => readonly [string, U],
): Record<string, U> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => entry(name, value)))
}

/**
 * One graph for one parameter's update, run step by step with the fed scalars. `pass` is given the optimizer before each
 * step, and gives the one that makes it.
 */
async function trajectory(
  optimizer: AnyOptimizer,
  group: number,
  pass: (optimizer: AnyOptimizer, step: number) => AnyOptimizer = (same) => same,
): Promise<number[][]> {
  const graph = new Graph()
  const active = optimizer.paramGroups[group] as never
  const size = start[group]!.length
  const inputs = new Map<string, ReturnType<Graph['input']>>()
  const input = (name: string, shape: number[]) => {
    if (!inputs.has(name)) inputs.set(name, graph.input(name, 'float32', shape))
    return inputs.get(name)!
  }
  const update = optimizer.update(input('p', [size]), input('g', [size]), active, {
    hyper: (name) => input(`hyper ${name}`, []),
    state: (slot) => input(`state ${slot}`, [size]),
  })
  for (const value of [update.parameter, ...Object.values(update.state)]) graph.output(value)
  const lowered = lowerGraph(graph, { device: testDevice })
  const nameOf = (value: Value) => lowered.map.get(value)!.name
  const session = await openTestSession(serialize(lowered.graph))
  let p = Float32Array.from(start[group]!)
  let state: Record<string, Float32Array<ArrayBuffer>> = Object.fromEntries(
    optimizer.slots(active).map((slot) => [slot, new Float32Array(size)]),
  )
  const path: number[][] = []
  let current = optimizer
  for (const [step, gradient] of grads.entries()) {
    const slots = Object.entries(state).map(([slot, data]) => [slot, Tensor.from([...data])])
    if (step > 0)
      current.state.set(current.paramGroups[group]!.params[0]!, Object.fromEntries(slots) as never)
    current = pass(current, step)
    const now = current.paramGroups[group]!
    const parameter = now.params[0]!
    if (step === 5) now.lr *= 0.1
    for (const [slot, tensor] of Object.entries(current.state.get(parameter) ?? {})) {
      state[slot] = tensor.data as Float32Array<ArrayBuffer>
    }
    const scalars = current.hyperparameters(now as never, current.steps(parameter))
    current.countStep()
    const vector = (data: Float32Array<ArrayBuffer>) => new Tensor('float32', data, [size])
    const results = await session.run({
      p: vector(p),
      g: vector(Float32Array.from(gradient[group]!)),
      ...mapped(scalars, (name, value) => [`hyper ${name}`, Tensor.from(value)]),
      ...mapped(state, (slot, data) => [`state ${slot}`, vector(data)]),
    })
    const resultOf = (value: Value) => results[nameOf(value)]!.data as Float32Array<ArrayBuffer>
    p = resultOf(update.parameter)
    state = mapped(update.state, (slot, value) => [slot, resultOf(value)])
    path.push([...p])
  }
  await session.release()
  return path
}

describe('follows PyTorch for ten steps, two groups and a change of the learning rate', () => {
  it.each(Object.entries(cases))('%s', async (_, { kind, options, trajectory: expected }) => {
    for (const group of [0, 1]) {
      const groups = start.map((values, index) => ({
        params: [parameterOf(values)],
        ...(index === 1 ? { lr: options.lr * 0.5 } : {}),
      }))
      const optimizer = new kinds[kind as keyof typeof kinds](groups, options)
      const path = await trajectory(optimizer, group)
      path.forEach((values, step) => {
        values.forEach((value, index) => {
          expect(value).toBeCloseTo(expected[step]![group]![index]!, 5)
        })
      })
    }
  })
})

describe('goes on from any step as if it had not been saved', () => {
  it.each(Object.entries(cases))('%s', async (_, { kind, options }) => {
    const build = (): AnyOptimizer =>
      new kinds[kind as keyof typeof kinds](
        start.map((values) => ({ params: [parameterOf(values)] })),
        options,
      )
    const expected = await trajectory(build(), 0)
    for (const cut of [1, 4, 6, 9]) {
      const path = await trajectory(build(), 0, (optimizer, step) => {
        if (step !== cut) return optimizer
        const other = build()
        other.loadStateDict(optimizer.stateDict())
        return other
      })
      expect(path, `saved after step ${cut}`).toEqual(expected)
    }
  })
})

describe('options', () => {
  const frozen = { tensor: Tensor.zeros([1]), requiresGrad: false }

  it('refuses a list in which nothing is trainable', () => {
    expect(() => new SGD([frozen], { lr: 0.1 })).toThrow(/none is trainable/)
  })

  it('refuses a negative learning rate and a parameter given twice', () => {
    const parameter = parameterOf([1])
    expect(() => new SGD([parameter], { lr: -1 })).toThrow(ArgumentError)
    expect(() => new Adam([parameter, parameter], {})).toThrow(/twice/)
  })

  it('restores what it saved', () => {
    const parameters = [parameterOf([1, 2])]
    const optimizer = new SGD(parameters, { lr: 0.1, momentum: 0.9 })
    optimizer.state.set(parameters[0]!, { momentum_buffer: Tensor.from([3, 4]) })
    optimizer.countStep()
    const other = new SGD(parameters, { lr: 1, momentum: 0.9 })
    other.loadStateDict(optimizer.stateDict())
    expect(other.paramGroups[0]?.lr).toBe(0.1)
    expect(other.steps(parameters[0]!)).toBe(1)
    expect(other.state.get(parameters[0]!)?.momentum_buffer?.toList()).toEqual([3, 4])
  })
})
