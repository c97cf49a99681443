import type { Node, Value } from '../graph/graph.ts'

/**
 * What is known of an operator besides its builder: how to differentiate it and, for operators of our own
 * that ONNX doesn't have, how to write it in ONNX's.
 */
export interface OpDefinition {
  /** ONNX operator name, or `onnx-finetune.Name` for one of our own (which then needs `lower`). */
  readonly type: string

  /**
   * The gradient rule: given the gradients of the node's outputs (`undefined`: nothing flows back from it), adds nodes
   * and returns the gradient of each input, in the input's shape. `undefined` where there is none. `needs[i]` says
   * whether the gradient of input i is wanted: skip the work where it isn't.
   */
  readonly gradient?: (
    node: Node,
    outputGradients: readonly (Value | undefined)[],
    needs: readonly boolean[],
  ) => (Value | undefined)[]

  /** Emits ONNX operators for the node and returns what replaces its outputs. Called once, before serialisation. */
  readonly lower?: (node: Node, target: LoweringTarget) => Value[]

  /** The devices that `lower` is for, where others have the operator. Default: all. */
  readonly lowerOn?: readonly LoweringTarget['device'][]

  /** Which nodes `lower` is for, where those devices have others. What it emits must be of the others. Default: all. */
  readonly lowerWhen?: (node: Node, target: LoweringTarget) => boolean
}

/** What a graph is lowered for: the cheapest formulation depends on the device and on the batch size. */
export interface LoweringTarget {
  readonly device: 'cpu' | 'cuda' | 'webgpu' | 'wasm'
}
