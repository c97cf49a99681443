import { finish, type Steps } from '../core/steps.ts'
import type { Graph, Node } from '../graph/graph.ts'
import { composed, rewriteInSteps, type Rewritten } from '../graph/rewrite.ts'
import { opDefinition } from './definitions.ts'
import type { LoweringTarget, OpDefinition } from './registry.ts'

/**
 * Replaces operators of our own by ONNX's, in the formulation that is cheapest on the target, and drops dead nodes.
 * What a lowering emits may need lowering itself, so this repeats until nothing changes.
 *
 * @returns The new graph, and where each value of the old one went.
 */
export function lowerGraph(graph: Graph, target: LoweringTarget): Rewritten {
  return finish(lowerGraphInSteps(graph, target))
}

/** {@link lowerGraph}, a node at each step: all of a ResNet-18's training graph takes longer than a page may stand still. */
export function* lowerGraphInSteps(graph: Graph, target: LoweringTarget): Steps<Rewritten> {
  const pass = yield* rewriteInSteps(graph, (node) => loweringOf(node, target)?.(node, target))
  if (!pass.graph.nodes.some((node) => loweringOf(node, target))) return pass
  return composed(pass, yield* lowerGraphInSteps(pass.graph, target))
}

function loweringOf(node: Node, target: LoweringTarget): OpDefinition['lower'] {
  const { lower, lowerOn = [target.device], lowerWhen } = opDefinition(node.opType) ?? {}
  return lowerOn.includes(target.device) && (lowerWhen?.(node, target) ?? true) ? lower : undefined
}
