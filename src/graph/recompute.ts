import { after } from './after.ts'
import type { Graph, Node, Value } from './graph.ts'
import { liveNodes, reading, rewrite } from './rewrite.ts'

/** Where the parts of a training graph lie, for {@link recomputeBlocks}. */
export interface ForwardPass {
  /** The model's output: nothing is computed anew before it's there. */
  readonly output: Value
  /** The last value of the forward pass; what comes after it in the graph is the backward pass. */
  readonly loss: Value
  /** Paths of the modules whose activations aren't kept, and {@link stem} for what comes before them. */
  readonly blocks: readonly string[]
}

/** The block of what is computed before any other block: in a ResNet the first convolution, whose maps are the largest. */
export const stem = ''

/**
 * Gradient checkpointing: lets the backward pass read activations that are computed a second time from their block's
 * input, so that the first ones are freed in the forward pass. Kept are what leaves a block and what is small: values
 * without the batch in their shape, as the statistics of a BatchNorm, are never computed twice.
 *
 * @param graph - A lowered training graph. Which nodes belong to a block is told by their scope.
 * @returns The new graph, and where each value of the old one went.
 * @see https://pytorch.org/docs/stable/checkpoint.html
 */
export function recomputeBlocks(graph: Graph, { output, loss, blocks }: ForwardPass) {
  const nodes = liveNodes(graph)
  const [outputAt, lossAt] = [output, loss].map(({ producer }) => (producer ? nodes.indexOf(producer) : -1))
  const pass = new Recomputation(blocks)
  let position = 0
  return rewrite(graph, (copy) => {
    const at = position++
    if (at > lossAt!) return pass.backward(copy)
    pass.forward(copy)
    if (at === outputAt) pass.outputIs(copy.output(output.producer!.outputs.indexOf(output)))
    return undefined
  })
}

class Recomputation {
  readonly #blocks: readonly string[]
  /** Whether what comes now is the stem. */
  #inStem: boolean
  /** Nodes of the forward pass that are in a block. */
  readonly #blockOf = new Map<Node, string>()
  /** Values that another block, or no block, reads in the forward pass: they are there anyway. */
  readonly #leaving = new Set<Value>()
  readonly #copies = new Map<Node, Node>()
  readonly #barriers = new Map<string, Map<Value, Value>>()
  /** The model's output, and what depends on it. */
  readonly #late = new Set<Value>()
  /** The newest of those: computed when the backward pass has come this far. */
  #newest: Value | undefined

  constructor(blocks: readonly string[]) {
    // Of nested blocks the outermost counts.
    this.#blocks = blocks.filter((path) => path !== stem).sort((a, b) => a.length - b.length)
    this.#inStem = blocks.includes(stem)
  }

  forward(node: Node): void {
    const named = this.#blocks.find((path) => node.scope === path || node.scope.startsWith(`${path}.`))
    this.#inStem &&= named === undefined
    const block = named ?? (this.#inStem ? stem : undefined)
    if (block !== undefined) this.#blockOf.set(node, block)
    for (const value of node.inputs) {
      if (value?.producer && this.#blockOf.get(value.producer) !== block) this.#leaving.add(value)
    }
  }

  outputIs(value: Value): void {
    this.#late.add(value)
    this.#newest = value
  }

  /** A node that reads the second activations instead of the first. */
  backward(node: Node): readonly Value[] {
    const { inputs, outputs } = reading(node, (value) => this.#again(value))
    if (inputs.some((value) => value && this.#late.has(value))) {
      for (const value of outputs) this.#late.add(value)
      this.#newest = outputs.find(hasBatch) ?? this.#newest
    }
    return outputs
  }

  /** The value computed a second time, or itself where that isn't needed. */
  #again(value: Value): Value {
    const { producer } = value
    const block = producer && this.#blockOf.get(producer)
    if (block === undefined || this.#leaving.has(value) || !isLarge(value)) return value
    let copy = this.#copies.get(producer!)
    if (!copy) {
      const inputs = producer!.inputs.map((input) => input && this.#input(input, block))
      const { opType, attributes, outputs, scope } = producer!
      copy = value.graph.inScopePath(scope, () => value.graph.add(opType, inputs, attributes, outputs))
      this.#copies.set(producer!, copy)
    }
    return copy.output(producer!.outputs.indexOf(value))
  }

  #input(value: Value, block: string): Value {
    const again = this.#again(value)
    if (again !== value || !hasBatch(value)) return again
    const ofBlock = this.#barriers.get(block) ?? new Map<Value, Value>()
    this.#barriers.set(block, ofBlock)
    const held = ofBlock.get(value) ?? (this.#newest ? after(value, this.#newest) : value)
    ofBlock.set(value, held)
    return held
  }
}

/** Whether it grows with the batch. */
const isLarge = ({ shape }: Value): boolean => shape.some((size) => typeof size === 'string')

/** Whether it is `['N', …fixed sizes]`. */
export const hasBatch = ({ shape: [batch, ...rest] }: Value): boolean =>
  batch === 'N' && rest.every((size) => typeof size === 'number')
