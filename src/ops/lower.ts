import type { Graph } from '../graph/graph.ts'
import { composed, rewrite, type Rewritten } from '../graph/rewrite.ts'
import { opDefinition } from './definitions.ts'
import type { LoweringTarget } from './registry.ts'

/**
 * Replaces operators of our own by ONNX's, in the formulation that is cheapest on the target, and drops dead nodes.
 * What a lowering emits may need lowering itself, so this repeats until nothing changes.
 *
 * @returns The new graph, and where each value of the old one went.
 */
export function lowerGraph(graph: Graph, target: LoweringTarget): Rewritten {
  const pass = rewrite(graph, (node) => opDefinition(node.opType)?.lower?.(node, target))
  if (!pass.graph.nodes.some((node) => opDefinition(node.opType)?.lower)) return pass
  return composed(pass, lowerGraph(pass.graph, target))
}
