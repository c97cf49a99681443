import { Graph, type Dim, type Node, type Value } from './graph.ts'
import { copyConstant, liveNodes } from './rewrite.ts'
import { inStep } from './step-names.ts'

/** What {@link unroll} makes. */
export interface Unrolled {
  readonly graph: Graph
  /** For each step, where the values of the one step went. */
  readonly steps: readonly ReadonlyMap<Value, Value>[]
}

/**
 * A graph of `times` steps instead of one: each reads what the one before it has made of the state. The state's inputs keep
 * their names, and constants are shared; every other input, and every symbolic size, is there once a step, under the names
 * of {@link inStep}. It's for the caller to mark outputs.
 *
 * @param graph - The one step, lowered.
 * @param state - The inputs that are state, and what a step makes of each: itself where nothing changes it.
 */
export function unroll(graph: Graph, state: ReadonlyMap<Value, Value>, times: number): Unrolled {
  const [target, nodes] = [new Graph(), liveNodes(graph)]
  const shared = new Map(graph.constants.map((constant) => [constant, copyConstant(target, constant)]))
  let current = new Map(
    [...state.keys()].map((input) => [
      input,
      target.input(input.name, input.dtype, input.shape, input.storage),
    ]),
  )
  const steps: Map<Value, Value>[] = []
  while (steps.length < times) {
    const map = new Map([...shared, ...current])
    for (const input of graph.inputs) {
      if (!state.has(input)) map.set(input, stepInput(target, input, steps.length))
    }
    for (const node of nodes) copyNode(node, target, map, steps.length)
    current = new Map([...state].map(([input, next]) => [input, map.get(next)!]))
    steps.push(map)
  }
  return { graph: target, steps }
}

/** Copies a node of the one step, and adds its outputs to `map`. */
function copyNode(node: Node, target: Graph, map: Map<Value, Value>, step: number): void {
  const inputs = node.inputs.map((value) => value && map.get(value))
  const types = node.outputs.map(({ dtype, shape, storage }) => ({
    dtype,
    shape: shapeInStep(shape, step),
    storage,
  }))
  const copy = target.inScopePath(node.scope, () => target.add(node.opType, inputs, node.attributes, types))
  node.outputs.forEach((output, index) => map.set(output, copy.output(index)))
}

function stepInput(target: Graph, { name, dtype, shape, storage }: Value, step: number): Value {
  return target.input(inStep(name, step), dtype, shapeInStep(shape, step), storage)
}

/** Batches of different steps needn't have one size: one name would say that they do. */
const shapeInStep = (shape: readonly Dim[], step: number): readonly Dim[] =>
  shape.map((size) => (typeof size === 'string' ? inStep(size, step) : size))
