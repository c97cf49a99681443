import { expect } from 'vitest'

import { differentiate } from '../../src/autodiff/differentiate.ts'
import { Generator } from '../../src/core/generator.ts'
import { sizeOf } from '../../src/core/shape.ts'
import { Tensor } from '../../src/core/tensor.ts'
import type { Value } from '../../src/graph/graph.ts'
import { serialize } from '../../src/graph/serialize.ts'
import { add, mul } from '../../src/ops/elementwise.ts'
import { lowerGraph } from '../../src/ops/lower.ts'
import { reduceSum } from '../../src/ops/reduce.ts'
import type { LoweringTarget } from '../../src/ops/registry.ts'
import { openTestSession, type TestSession } from '../support/device.ts'
import { buildCase, type DifferenceCase } from './difference-cases.ts'

/**
 * Compares gradients with differences of the forward pass itself, as ONNX Runtime runs it. The function is
 * Σ weights · outputs with random weights; each input is moved along a random direction of its own.
 */

/** How a case is run. */
export interface Setting {
  readonly device: LoweringTarget['device']
  /** Whether the graph has a symbolic batch. */
  readonly symbolicBatch: boolean
  /** Only so many samples. Default: all. */
  readonly batch?: number
}

type Numbers = Float32Array<ArrayBuffer>

/** A power of two, so that x ± step is exact. */
const step = 1 / 64

/** The relative error of each gradient along one direction. */
export async function gradientErrors(entry: DifferenceCase, setting: Setting): Promise<number[]> {
  const generator = new Generator(11)
  const random = (length: number): Numbers =>
    Float32Array.from({ length }, () => [-1, -0.5, 0.5, 1][generator.integer(0, 4)]!)
  const tensors = firstSamples(entry, setting.batch)
  const session = await CaseSession.open(entry, setting, tensors)
  try {
    const weights = session.outputShapes.map((shape) => random(sizeOf(shape)))
    const gradients = await session.run(tensors, weights, session.gradients)
    const errors: number[] = []
    for (const [i, index] of session.differentiated.entries()) {
      const direction = random(tensors[index]!.size)
      const gradient = gradients[i]!
      const size = gradient.reduce((sum, value, at) => sum + Math.abs(value * direction[at]!), 0)
      const difference = await slope(session, tensors, weights, index, direction)
      errors.push(Math.abs(dot(gradient, direction) - difference) / Math.max(size, 1e-2))
    }
    return errors
  } finally {
    await session.release()
  }
}

/** Derivative of Σ weights · outputs along `direction` of one input, by four values: exact to the fourth order. */
async function slope(
  session: CaseSession,
  tensors: readonly Tensor[],
  weights: readonly Numbers[],
  index: number,
  direction: Numbers,
): Promise<number> {
  const at = async (steps: number): Promise<number> => {
    const shifted = tensors.with(index, moved(tensors[index]!, direction, steps * step))
    const outputs = await session.run(shifted, weights, session.outputs)
    return outputs.reduce((sum, y, i) => sum + dot(y, weights[i]!), 0)
  }
  const [near, far] = [(await at(1)) - (await at(-1)), (await at(2)) - (await at(-2))]
  return (8 * near - far) / (12 * step)
}

function moved({ data, shape }: Tensor, direction: Numbers, distance: number): Tensor {
  const values = Float32Array.from(data as Numbers, (value, i) => value + distance * direction[i]!)
  return new Tensor('float32', values, shape)
}

/** In double precision. */
const dot = (a: Numbers, b: Numbers): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0)

/** The inputs, with only the first `batch` samples of those that have samples. */
function firstSamples({ inputs, batched = [0] }: DifferenceCase, batch: number | undefined): Tensor[] {
  return inputs.map((input, index) => {
    if (batch === undefined || !batched.includes(index)) return input
    const { dtype, data, shape } = input
    const samples = data.slice(0, (data.length / shape[0]!) * batch)
    return new Tensor(dtype, samples, [batch, ...shape.slice(1)])
  })
}

/** A case's outputs and gradients as one session, which checks the shapes that the graph has for them. */
class CaseSession {
  private constructor(
    readonly outputs: readonly Value[],
    readonly gradients: readonly Value[],
    /** Which inputs the gradients are for. */
    readonly differentiated: readonly number[],
    private readonly session: TestSession,
    private readonly nameOf: (value: Value) => string,
    private readonly batch: number,
  ) {}

  static async open(
    entry: DifferenceCase,
    { device, symbolicBatch }: Setting,
    tensors: readonly Tensor[],
  ): Promise<CaseSession> {
    const { inputs, differentiated, outputs } = buildCase(entry, symbolicBatch)
    const graph = inputs[0]!.graph
    const terms = outputs.map((y, i) => reduceSum(mul(y, graph.input(`w${i}`, 'float32', y.shape))))
    const wanted = differentiated.map((index) => inputs[index]!)
    const found = differentiate(terms.reduce(add), wanted)
    const gradients = wanted.map((input) => found.get(input)!)
    for (const value of [...outputs, ...gradients]) graph.output(value)
    const lowered = lowerGraph(graph, { device })
    const session = await openTestSession(serialize(lowered.graph))
    const nameOf = (value: Value): string => lowered.map.get(value)!.name
    const batch = tensors[entry.batched?.[0] ?? 0]?.shape[0] ?? 0
    return new CaseSession(outputs, gradients, differentiated, session, nameOf, batch)
  }

  get outputShapes(): number[][] {
    return this.outputs.map((output) => this.#shapeOf(output))
  }

  async run(
    tensors: readonly Tensor[],
    weights: readonly Numbers[],
    wanted: readonly Value[],
  ): Promise<Numbers[]> {
    const feeds: Record<string, Tensor> = { 'dim:N': Tensor.from(this.batch) }
    for (const [i, tensor] of tensors.entries()) feeds[`x${i}`] = tensor
    for (const [i, shape] of this.outputShapes.entries())
      feeds[`w${i}`] = new Tensor('float32', weights[i]!, shape)
    const results = await this.session.run(feeds, wanted.map(this.nameOf))
    return wanted.map((value) => {
      const { shape, data } = results[this.nameOf(value)]!
      expect(shape, `the shape of ${value.toString()}`).toEqual(this.#shapeOf(value))
      return data as Numbers
    })
  }

  release(): Promise<void> {
    return this.session.release()
  }

  #shapeOf({ shape }: Value): number[] {
    return shape.map((size) => (size === 'N' ? this.batch : Number(size)))
  }
}
