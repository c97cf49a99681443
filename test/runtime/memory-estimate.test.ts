import { execFileSync } from 'node:child_process'

import { describe, expect, it } from 'vitest'

import { RuntimeError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { Graph, type Value } from '../../src/graph/graph.ts'
import { Conv2d } from '../../src/nn/conv2d.ts'
import { MSELoss } from '../../src/nn/mse-loss.ts'
import { SGD } from '../../src/optim/sgd.ts'
import { largestBatch, memoryProfile, peakMemory } from '../../src/runtime/memory-estimate.ts'
import { TrainingSession } from '../../src/runtime/training-session.ts'
import { isSlow, slowTitle } from '../support/slow.ts'

/** A graph of operators that take and make `[N, 1000]`. */
function chain(build: (x: Value, apply: (type: string, ...inputs: Value[]) => Value) => Value): Graph {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['N', 1000])
  const apply = (type: string, ...inputs: Value[]) =>
    graph.add(type, inputs, {}, [{ dtype: 'float32', shape: ['N', 1000] }]).output()
  graph.output(build(x, apply))
  return graph
}

/** How many values of `[N, 1000]` a graph's peak holds. */
function valuesAt(graph: Graph): number {
  const profile = memoryProfile(graph)
  const empty = memoryProfile(chain((x) => x))
  const perSample = (peakMemory(profile, 1e6) - peakMemory(profile, 0)) / 1e6
  // A graph that returns its input holds that one value.
  return Math.round(perSample / ((peakMemory(empty, 1e6) - peakMemory(empty, 0)) / 1e6))
}

describe('memory of a run', () => {
  it('counts what is alive at once, not all that is made', () => {
    expect(valuesAt(chain((x, apply) => apply('Abs', apply('Abs', apply('Abs', apply('Abs', x))))))).toBe(3)
  })

  it('counts a value to the last node that reads it', () => {
    const graph = chain((x, apply) => {
      const kept = apply('Abs', x)
      return apply('Pow', apply('Abs', apply('Abs', apply('Abs', kept))), kept)
    })
    expect(valuesAt(graph)).toBe(4)
  })

  it('takes a reshape and an operator in place for no memory of their own', () => {
    expect(valuesAt(chain((x, apply) => apply('Relu', apply('Reshape', apply('Abs', x)))))).toBe(2)
  })

  it('finds the largest batch that stays below a limit', () => {
    const profile = memoryProfile(chain((x, apply) => apply('Abs', x)))
    const batch = largestBatch(profile, 1e9)
    expect(peakMemory(profile, batch)).toBeLessThanOrEqual(1e9)
    expect(peakMemory(profile, batch + 1)).toBeGreaterThan(1e9)
    expect(largestBatch(profile, 1)).toBe(0)
  })

  it.skipIf(!isSlow)(slowTitle('is near the memory that WebAssembly took'), { timeout: 120_000 }, () => {
    const step = JSON.stringify({ network: 'resnet18', work: 'finetune', size: 112, batch: 16 })
    const args = ['--conditions=onnx-finetune-source', '--import', 'tsx', 'bench/web/memory.ts', step]
    const said = execFileSync(process.execPath, args, { encoding: 'utf8' })
    const { estimated, measured } = JSON.parse(said) as { estimated: number; measured: number }
    // WebAssembly's memory grows in pieces of up to 96 MB.
    expect(estimated).toBeGreaterThan(measured - 100e6)
    expect(estimated).toBeLessThan(measured * 1.3)
  })

  it('refuses a batch that WebAssembly cannot hold, and names one that it can', async () => {
    const model = new Conv2d(1, 128, 1)
    const optimizer = new SGD(model.parameters(), { lr: 0.1 })
    const options = { criterion: new MSELoss(), optimizer, device: 'wasm', engine: 'inline' } as const
    await using session = await TrainingSession.create(model, options)
    const step = (batch: number) =>
      session.trainStep(Tensor.zeros([batch, 1, 64, 64]), Tensor.zeros([batch, 128, 64, 64]))
    const refusal = await step(1000).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(RuntimeError)
    expect(String(refusal)).toMatch(/a batch of 1000 would take about [\d.]+ GB of WebAssembly's 4\.0 GB/)
    expect(String(refusal)).toMatch(/batches of at most \d+.*gradientCheckpointing/)
    await expect(step(2)).resolves.toHaveProperty('loss')
  })
})
