import { nextTurn } from '#platform'

import type { Graph, Value } from '../graph/graph.ts'
import { overwritable } from '../graph/overwrite.ts'
import { serializeApart } from '../graph/serialize.ts'
import type { Program } from './engine.ts'

/** How a lowered graph meets the resident state. */
export interface Border {
  /** Its inputs that are resident tensors, under their names. */
  readonly stateInputs: readonly string[]
  /** The next values of resident tensors, by their names. */
  readonly updates: ReadonlyMap<string, Value>
  /** The optimizer's state among the resident tensors. */
  readonly slots: ReadonlySet<string>
  /** Resident tensors that are constants of the graph. */
  readonly baked: ReadonlySet<string>
  /** What a run returns. */
  readonly fetches: readonly Value[]
}

/** A graph as the engine takes it. */
export async function programOf(graph: Graph, border: Border): Promise<Program> {
  const { stateInputs, updates, baked, fetches } = border
  const { model, weights } = await serializeApart(graph, nextTurn, baked)
  return {
    model,
    weights: Object.fromEntries(Object.entries(weights).filter(([name]) => !baked.has(name))),
    ...(baked.size > 0 && { residentWeights: Object.fromEntries([...baked].map((name) => [name, name])) }),
    stateInputs: Object.fromEntries(stateInputs.map((name) => [name, name])),
    updates: Object.fromEntries([...updates].map(([name, value]) => [value.name, name])),
    inPlace: overwrittenSlots(graph, border),
    fetches: fetches.map(({ name }) => name),
  }
}

/**
 * Optimizer state that a run may write over the old one. Parameters alternate between two tensors: the gradient with
 * respect to a layer's input reads them late, and an evaluation may have been made with them as constants.
 */
function overwrittenSlots(graph: Graph, { updates, slots }: Border): string[] {
  const inputs = new Map(graph.inputs.map((value) => [value.name, value]))
  const pairs = [...updates].flatMap(([name, value]) => {
    const input = slots.has(name) ? inputs.get(name) : undefined
    return input ? [[input, value] as const] : []
  })
  return overwritable(graph, pairs).map(([{ name }]) => name)
}
