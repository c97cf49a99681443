import { GraphError } from '../core/errors.ts'
import { activationOps } from './activations.ts'
import { batchNormOps } from './batch-norm.ts'
import { broadcastOps } from './broadcast.ts'
import { compareOps } from './compare.ts'
import { concatOps } from './concat.ts'
import { convGradientOps } from './conv-gradients.ts'
import { convTransposeOps } from './conv-transpose.ts'
import { convOps } from './conv.ts'
import { elementwiseOps } from './elementwise.ts'
import { extremeOps } from './extremes.ts'
import { gatherOps } from './gather.ts'
import { hardActivationOps } from './hard-activations.ts'
import { layerNormOps } from './layer-norm.ts'
import { matmulOps } from './matmul.ts'
import { padOps } from './pad.ts'
import { poolOps } from './pool.ts'
import { powerOps } from './power.ts'
import { reduceOps } from './reduce.ts'
import { reshapeOps } from './reshape.ts'
import { sliceOps } from './slice.ts'
import type { OpDefinition } from './registry.ts'

/** What this library brings. */
export const builtInOps: readonly OpDefinition[] = [
  ...activationOps,
  ...batchNormOps,
  ...broadcastOps,
  ...compareOps,
  ...concatOps,
  ...convGradientOps,
  ...convTransposeOps,
  ...convOps,
  ...elementwiseOps,
  ...extremeOps,
  ...gatherOps,
  ...hardActivationOps,
  ...layerNormOps,
  ...matmulOps,
  ...padOps,
  ...poolOps,
  ...powerOps,
  ...reduceOps,
  ...reshapeOps,
  ...sliceOps,
]

const builtIn = new Map(builtInOps.map((definition) => [definition.type, definition]))

const added = new Map<string, OpDefinition>()

/**
 * Registers an operator of the caller's own, so that graphs with it can be differentiated and lowered.
 *
 * @throws {@link GraphError} if the type has a definition already.
 */
export function registerOp(definition: OpDefinition): void {
  if (opDefinition(definition.type)) throw new GraphError(`operator ${definition.type} is registered already`)
  added.set(definition.type, definition)
}

/** The definition of an operator type, if there is one. */
export function opDefinition(type: string): OpDefinition | undefined {
  return builtIn.get(type) ?? added.get(type)
}
