import type { Graph, Value } from '../graph/graph.ts'
import { rewrite } from '../graph/rewrite.ts'
import { opDefinition } from './definitions.ts'
import type { LoweringTarget } from './registry.ts'

/**
 * Replaces operators of our own by ONNX's, in the formulation that is cheapest on the target, and drops dead nodes.
 * What a lowering emits may need lowering itself, so this repeats until nothing changes.
 *
 * @returns The new graph, and where each value of the old one went.
 */
export function lowerGraph(graph: Graph, target: LoweringTarget): { graph: Graph; map: Map<Value, Value> } {
  const pass = rewrite(graph, (node) => opDefinition(node.opType)?.lower?.(node, target))
  if (!pass.graph.nodes.some((node) => opDefinition(node.opType)?.lower)) return pass
  const next = lowerGraph(pass.graph, target)
  const map = new Map(
    [...pass.map].flatMap(([from, to]) => (next.map.has(to) ? [[from, next.map.get(to)!]] : [])),
  )
  return { graph: next.graph, map }
}
