import { finish, type Steps } from '../core/steps.ts'
import { Graph, type Node, type Value } from './graph.ts'

/** Nodes that the outputs need, in their order. */
export function liveNodes(graph: Graph): Node[] {
  const live = new Set<Node>()
  const pending = graph.outputs.flatMap((value) => value.producer ?? [])
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (live.has(node)) continue
    live.add(node)
    for (const input of node.inputs) if (input?.producer) pending.push(input.producer)
  }
  return graph.nodes.filter((node) => live.has(node))
}

/** What a pass makes of a graph. */
export interface Rewritten {
  readonly graph: Graph
  /** Where each value of the old graph went. */
  readonly map: Map<Value, Value>
}

/** The result of one pass after another. */
export function composed(first: Rewritten, { graph, map }: Rewritten): Rewritten {
  const kept = [...first.map].filter(([, value]) => map.has(value))
  return { graph, map: new Map(kept.map(([from, value]) => [from, map.get(value)!])) }
}

/** What a pass puts in place of a node: values of the new graph for each of its outputs, or `undefined` to copy it. */
export type Replace = (copy: Node) => readonly Value[] | undefined

/**
 * Copies the live part of a graph into a new one, letting `replace` substitute nodes. `replace` gets a node that already
 * reads the new graph's values; the copy itself is dropped when it is substituted. Inputs keep names and order, outputs
 * keep their order; the map tells where each old value went.
 */
export function rewrite(graph: Graph, replace: Replace): Rewritten {
  return finish(rewriteInSteps(graph, replace))
}

/** {@link rewrite}, a node at each step. */
export function* rewriteInSteps(graph: Graph, replace: Replace): Steps<Rewritten> {
  const target = new Graph()
  const map = new Map<Value, Value>()
  const live = liveNodes(graph)
  const used = new Set(live.flatMap((node) => node.inputs))
  for (const input of graph.inputs) map.set(input, copyInput(target, input))
  for (const constant of graph.constants) {
    if (used.has(constant) || graph.outputs.includes(constant)) {
      map.set(constant, copyConstant(target, constant))
    }
  }
  for (const node of live) {
    const inputs = node.inputs.map((value) => value && map.get(value))
    const copy = target.inScopePath(node.scope, () =>
      target.add(node.opType, inputs, node.attributes, node.outputs),
    )
    const replacement = target.inScopePath(node.scope, () => replace(copy))
    node.outputs.forEach((output, index) => map.set(output, replacement?.[index] ?? copy.output(index)))
    yield
  }
  for (const output of graph.outputs) target.output(map.get(output)!)
  return { graph: target, map }
}

/** A constant in another graph: made-up names start anew there, given ones stay. */
export function copyConstant(target: Graph, { name, constant }: Value): Value {
  return target.constant(constant!, name.includes(':') ? undefined : name)
}

/** A node that reads `read` of each input, of the same graph; the node itself where those are the same. */
export function reading(node: Node, read: (value: Value) => Value): Node {
  const inputs = node.inputs.map((value) => value && read(value))
  if (inputs.every((value, index) => value === node.inputs[index])) return node
  return node.output().graph.add(node.opType, inputs, node.attributes, node.outputs)
}

function copyInput(target: Graph, { name, dtype, shape, storage }: Value): Value {
  return name.startsWith('dim:') ? target.symbol(name.slice(4)) : target.input(name, dtype, shape, storage)
}
