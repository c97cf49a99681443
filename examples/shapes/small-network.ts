import { fileURLToPath } from 'node:url'

import { readStateDict, type models } from 'onnx-finetune'

import { untrainedSmallNetwork } from './small-architecture.ts'

// Apart, since a page has no file paths: `examples/web` fetches the weights itself.
export { recipe, untrainedSmallNetwork, view } from './small-architecture.ts'

/** Where `pretrain.ts` writes the weights, committed beside it. */
export const weightsPath = fileURLToPath(new URL('small-network.safetensors', import.meta.url))

/**
 * The small network with weights trained on drawings of thirteen other things (`pretrain.ts`): neither ants nor bees were
 * among them. Each call gives a fresh copy; replace its `fc` to fine-tune it.
 */
export async function smallNetwork(): Promise<models.ResNet> {
  const state = await readStateDict(weightsPath)
  const model = untrainedSmallNetwork(state.get('fc.weight')!.shape[0]!)
  model.loadStateDict(state)
  return model
}
