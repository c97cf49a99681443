import { nextTurn } from '#platform'

import { finishInTurns, pauses } from '../core/steps.ts'
import type { Graph, Value } from '../graph/graph.ts'
import { halveConstants, type HalvedConstants } from '../graph/halve-constants.ts'
import { keepHalves } from '../graph/keep-halves.ts'
import { recomputeBlocks } from '../graph/recompute.ts'
import { composed, type Rewritten } from '../graph/rewrite.ts'
import { lowerGraphInSteps } from '../ops/lower.ts'
import type { Device } from './providers.ts'
import type { StorageType } from './storage.ts'

/** What {@link passesOver} makes a traced graph ready by. */
export interface PassOptions {
  readonly device: Device
  readonly output: Value
  /** Without one there is no backward pass. */
  readonly loss?: Value | undefined
  /** Paths of the modules whose activations are computed anew in the backward pass. Default: none. */
  readonly blocks?: readonly string[] | undefined
  /** Default: float32. */
  readonly storage?: StorageType | undefined
  /** Names of the parameters that are constants. Default: none. */
  readonly frozen?: ReadonlySet<string> | undefined
}

/** From what modules, gradients and optimizers wrote to what ONNX Runtime is to run, in several turns of the event loop. */
export async function passesOver(graph: Graph, options: PassOptions): Promise<HalvedConstants> {
  const { device, blocks = [], storage, frozen = new Set() } = options
  let pass: Rewritten = await finishInTurns(lowerGraphInSteps(graph, { device }), pauses(nextTurn))
  if (blocks.length > 0)
    pass = then(pass, options, (lowered, end) => recomputeBlocks(lowered, { ...end, blocks }))
  if (storage !== 'float16') return { ...pass, inputs: new Map() }
  const hasIntegers = device !== 'webgpu'
  pass = then(pass, options, (recomputed, end) => keepHalves(recomputed, { ...end, hasIntegers }))
  // Elsewhere float32 constants are faster: they are packed when the session is made, once for all steps.
  if (device !== 'webgpu') return { ...pass, inputs: new Map() }
  const halved = halveConstants(pass.graph, frozen)
  return { ...halved, ...composed(pass, halved) }
}

/** A pass that has to know where the forward pass ends. */
function then(
  before: Rewritten,
  { output, loss }: PassOptions,
  run: (graph: Graph, end: { readonly output: Value; readonly loss: Value }) => Rewritten,
): Rewritten {
  if (!loss) return before
  const end = { output: before.map.get(output)!, loss: before.map.get(loss)! }
  return composed(before, run(before.graph, end))
}
