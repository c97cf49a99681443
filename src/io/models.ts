import { resNetArchitectures } from '../vision/models/resnet-architectures.ts'
import { ResNet, type ResNetOptions } from '../vision/models/resnet.ts'
import { ResNet18Weights, ResNet34Weights, ResNet50Weights } from '../vision/models/resnet-weights.ts'
import { pretrainedState, type PretrainedOptions } from './pretrained.ts'

/**
 * Models by torchvision's names, with or without pretrained weights. The networks themselves are in `vision/models`,
 * which knows no files; here their weights are found, downloaded and read.
 */
export {
  BasicBlock,
  Bottleneck,
  ResNet,
  type ResNetArchitecture,
  type ResNetOptions,
} from '../vision/models/resnet.ts'
export { ModelWeights, type ModelWeightsDescription } from '../vision/models/model-weights.ts'
export { ResNet18Weights, ResNet34Weights, ResNet50Weights } from '../vision/models/resnet-weights.ts'
export { fromHuggingFace, fromTimm } from '../vision/models/foreign-keys.ts'
export type { PretrainedOptions, WeightsSource } from './pretrained.ts'

/** Options of {@link resnet18} and its siblings. */
export type PretrainedResNetOptions<Name extends string = string> = Omit<ResNetOptions, 'weights'> &
  PretrainedOptions<Name>

/**
 * ResNet-18, 11.7 M parameters.
 *
 * @throws {@link DownloadError} where the weights can't be had, with the place to put the file by hand.
 * @throws {@link StateDictError} naming the keys, where the weights are of another network.
 * @throws {@link ArgumentError} where `weights` are none, or have another number of classes.
 * @see https://pytorch.org/vision/0.14/models/generated/torchvision.models.resnet18.html
 *
 * @example
 * ```ts
 * import { models, nn } from 'onnx-finetune'
 *
 * const model = await models.resnet18({ weights: 'IMAGENET1K_V1' })
 * model.fc = new nn.Linear(model.fc.inFeatures, 2)
 * const own = await models.resnet18({ weights: 'out/best.safetensors' })
 * ```
 */
export function resnet18(
  options: PretrainedResNetOptions<keyof typeof ResNet18Weights> = {},
): Promise<ResNet> {
  return pretrained('resnet18', ResNet18Weights, options)
}

/**
 * ResNet-34, 21.8 M parameters. Options and errors as {@link resnet18}.
 *
 * @see https://pytorch.org/vision/0.14/models/generated/torchvision.models.resnet34.html
 */
export function resnet34(
  options: PretrainedResNetOptions<keyof typeof ResNet34Weights> = {},
): Promise<ResNet> {
  return pretrained('resnet34', ResNet34Weights, options)
}

/**
 * ResNet-50, 25.6 M parameters. Options and errors as {@link resnet18}.
 *
 * @see https://pytorch.org/vision/0.14/models/generated/torchvision.models.resnet50.html
 */
export function resnet50(
  options: PretrainedResNetOptions<keyof typeof ResNet50Weights> = {},
): Promise<ResNet> {
  return pretrained('resnet50', ResNet50Weights, options)
}

async function pretrained(
  model: keyof typeof resNetArchitectures,
  registry: Parameters<typeof pretrainedState>[1],
  { weights, ...options }: PretrainedResNetOptions,
): Promise<ResNet> {
  const state = await pretrainedState(`models.${model}`, registry, { ...options, weights })
  return new ResNet(resNetArchitectures[model], { ...options, weights: state })
}
