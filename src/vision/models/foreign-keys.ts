import { StateDictError } from '../../core/errors.ts'
import type { Tensor } from '../../core/tensor.ts'
import { renameKeys } from '../../nn/rename-keys.ts'
import { entriesOf, type StateDictLike } from '../../nn/state-dict.ts'

/** ResNets of other libraries under torchvision's names. */

const stem = /^(?:resnet\.)?embedder\.embedder\.(convolution|normalization)\.(\w+)$/
const block =
  /^(?:resnet\.)?encoder\.stages\.(\d+)\.layers\.(\d+)\.(shortcut|layer\.(\d+))\.(convolution|normalization)\.(\w+)$/
const head = /^classifier\.1\.(\w+)$/

/**
 * The weights of one of Hugging Face's ResNets (`microsoft/resnet-18`, `-34`, `-50`, whose `layer_type` is `basic` or
 * `bottleneck`), by torchvision's names. `models.resnet18({ weights: path })` does it by itself.
 *
 * @param state - Keys as `resnet.encoder.stages.0.layers.0.layer.0.convolution.weight`; a bare `ResNetModel` has no
 * `resnet.` and no `classifier.1.weight`.
 * @throws {@link StateDictError} naming keys that no such ResNet has.
 * @see https://huggingface.co/docs/transformers/model_doc/resnet
 *
 * @example
 * ```ts
 * import { models, readStateDict } from 'onnx-finetune'
 *
 * const weights = models.fromHuggingFace(await readStateDict('microsoft-resnet-50/model.safetensors'))
 * const model = await models.resnet50({ weights })
 * ```
 */
export function fromHuggingFace(state: StateDictLike): Map<string, Tensor> {
  const unknown = [...entriesOf(state).keys()].filter((key) => torchvisionKey(key) === undefined)
  if (unknown.length > 0) throw notA("Hugging Face's ResNets", unknown, 'Give the weights of a ResNet.')
  return renameKeys(state, torchvisionKey)
}

/** Whether a state dict has Hugging Face's names of a ResNet. */
export function isHuggingFaceResNet(state: StateDictLike): boolean {
  return [...entriesOf(state).keys()].some((key) => stem.test(key))
}

function torchvisionKey(key: string): string | undefined {
  const inStem = stem.exec(key)
  if (inStem) return `${inStem[1] === 'convolution' ? 'conv' : 'bn'}1.${inStem[2]!}`
  const inHead = head.exec(key)
  if (inHead) return `fc.${inHead[1]!}`
  const inBlock = block.exec(key)
  if (!inBlock) return undefined
  const [, stage, layer, , index, kind, tensor] = inBlock
  const isConvolution = kind === 'convolution'
  const name =
    index === undefined
      ? `downsample.${isConvolution ? 0 : 1}`
      : `${isConvolution ? 'conv' : 'bn'}${Number(index) + 1}`
  return `layer${Number(stage) + 1}.${layer!}.${name}.${tensor!}`
}

/** Keys that only other architectures of timm have, and what those are. */
const relatives: readonly (readonly [RegExp, string])[] = [
  [/^conv1\.\d+\./, 'a ResNet with a stem of three convolutions (ResNet-C or -D, as resnet50d)'],
  [/\.downsample\.2\./, 'a ResNet that averages in its shortcuts (ResNet-D, as resnet50d)'],
  [/\.(se|attn|attn_last)\./, 'a ResNet with attention (as seresnet50 or ecaresnet50)'],
  [/^(stem|stages|head)\./, 'a network of another layout (as resnetv2_50)'],
]

/**
 * The weights of one of timm's ResNets (`timm/resnet18.a1_in1k`, `resnet34`, `resnet50` and their siblings), by
 * torchvision's names. timm's plain ResNets have the same names, so this checks that it is one: `resnet50d`,
 * `seresnet50` and `resnetv2_50` are other architectures, and some of their names are alike.
 *
 * @throws {@link StateDictError} naming the architecture that it is, where it is another.
 * @see https://huggingface.co/docs/timm/models/resnet
 *
 * @example
 * ```ts
 * import { models, readStateDict } from 'onnx-finetune'
 *
 * const weights = models.fromTimm(await readStateDict('resnet18.a1_in1k/model.safetensors'))
 * const model = await models.resnet18({ weights })
 * ```
 */
export function fromTimm(state: StateDictLike): Map<string, Tensor> {
  const keys = [...entriesOf(state).keys()]
  for (const [pattern, architecture] of relatives) {
    const found = keys.filter((key) => pattern.test(key))
    if (found.length === 0) continue
    throw notA(
      "timm's plain ResNets",
      found,
      `They are of ${architecture}: take weights named resnet18, 34 or 50.`,
    )
  }
  return renameKeys(state, {})
}

function notA(what: string, keys: readonly string[], remedy: string): StateDictError {
  const more = keys.length > 3 ? ` and ${keys.length - 3} more` : ''
  return new StateDictError(
    `these are not the weights of one of ${what}, which have no ${keys.slice(0, 3).join(', ')}${more}. ${remedy}`,
    [],
    keys,
  )
}
