import { Tensor } from '../core/tensor.ts'
import { GraphError } from '../core/errors.ts'
import type { Graph, Node, Value } from '../graph/graph.ts'
import { add } from '../ops/elementwise.ts'
import { opDefinition } from '../ops/definitions.ts'

/**
 * Reverse-mode differentiation: adds to the loss's graph the nodes that compute its gradients. Only branches that lead
 * to a wanted value are walked, so frozen parameters cost nothing.
 *
 * @param loss - A float scalar.
 * @param wrt - Values whose gradients are wanted.
 * @returns The gradient of each wanted value, in its shape; none for values that the loss doesn't depend on.
 * @throws {@link GraphError} naming the node and its module, where an operator on the way has no gradient rule.
 */
export function differentiate(loss: Value, wrt: readonly Value[]): Map<Value, Value> {
  if (loss.rank !== 0 || !loss.isFloat) {
    throw new GraphError(
      `the loss must be a float scalar, not ${loss.toString()}: reduce it by a mean or a sum`,
    )
  }
  const graph = loss.graph
  const forward = [...graph.nodes]
  const wanted = dependents(graph, wrt)
  const gradients = new Map<Value, Value>([[loss, graph.constant(Tensor.full([], 1, loss.dtype))]])
  for (const node of forward.reverse()) {
    if (!node.outputs.some((output) => gradients.has(output))) continue
    const needs = node.inputs.map((input) => input !== undefined && wanted.has(input))
    if (!needs.includes(true)) continue
    propagate(node, needs, gradients)
  }
  return new Map(wrt.flatMap((value) => (gradients.has(value) ? [[value, gradients.get(value)!]] : [])))
}

/** Values that depend on one of `wrt`, and those themselves. */
function dependents(graph: Graph, wrt: readonly Value[]): Set<Value> {
  const found = new Set(wrt)
  for (const node of graph.nodes) {
    if (node.inputs.some((input) => input && found.has(input))) {
      for (const output of node.outputs) if (output.isFloat) found.add(output)
    }
  }
  return found
}

function propagate(node: Node, needs: readonly boolean[], gradients: Map<Value, Value>): void {
  const definition = opDefinition(node.opType)
  if (!definition?.gradient) {
    throw new GraphError(
      `${node.toString()} has no gradient rule, and a trainable parameter stands before it: ` +
        `freeze that parameter, or register a rule with registerOp({ type: '${node.opType}', gradient })`,
    )
  }
  const graph = node.output().graph
  const outputGradients = node.outputs.map((output) => gradients.get(output))
  const inputGradients = graph.inScopePath(
    node.scope,
    () => definition.gradient?.(node, outputGradients, needs) ?? [],
  )
  node.inputs.forEach((input, index) => {
    const gradient = inputGradients[index]
    if (!input || !needs[index] || !gradient) return
    const sum = gradients.get(input)
    gradients.set(input, sum ? add(sum, gradient) : gradient)
  })
}
