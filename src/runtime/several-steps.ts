import type { Graph } from '../graph/graph.ts'
import { unroll } from '../graph/unroll.ts'
import type { Program } from './engine.ts'
import { programOf, type Border } from './graph-program.ts'
import { memoryProfile, type MemoryProfile } from './memory-estimate.ts'
import type { Device } from './providers.ts'

/**
 * Several training steps as one run: where each run carries the state across a border, as on CUDA in Node from the host to the
 * device and back, that happens once for all of them. The graph is unrolled: each copy of the step reads the parameters
 * that the one before it has made.
 */
export interface SeveralSteps {
  readonly program: Program
  /** What a run takes of WebAssembly's memory, by the size of the largest batch. */
  readonly memory: MemoryProfile
  /** The names under which a run returns what the steps give. */
  readonly results: readonly StepNames[]
}

/** Names of a step's outputs. */
export interface StepNames {
  readonly lossName: string
  readonly outputName: string
}

/** Puts `times` training steps into one graph: `graph` is one, whose run returns its loss and its outputs. */
export async function buildSeveral(
  graph: Graph,
  border: Border,
  times: number,
  device: Device,
): Promise<SeveralSteps> {
  const inputs = new Map(graph.inputs.map((value) => [value.name, value]))
  const state = border.stateInputs.map((name) => {
    const input = inputs.get(name)!
    return [input, border.updates.get(name) ?? input] as const
  })
  const unrolled = unroll(graph, new Map(state), times)
  const last = unrolled.steps.at(-1)!
  const updates = [...border.updates].map(([name, value]) => [name, last.get(value)!] as const)
  const results = unrolled.steps.map((map) => border.fetches.map((value) => map.get(value)!))
  const outputs = [...results.flat(), ...updates.map(([, value]) => value)]
  for (const value of outputs) unrolled.graph.output(value)
  return {
    program: await programOf(unrolled.graph, {
      ...border,
      updates: new Map(updates),
      fetches: results.flat(),
    }),
    memory: device === 'wasm' ? memoryProfile(unrolled.graph) : [],
    results: results.map(([loss, output]) => ({ lossName: loss!.name, outputName: output!.name })),
  }
}
