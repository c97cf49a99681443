import { ArgumentError } from '../core/errors.ts'
import type { StateDictLike } from '../nn/state-dict.ts'
import { fromHuggingFace, isHuggingFaceResNet } from '../vision/models/foreign-keys.ts'
import { ModelWeights } from '../vision/models/model-weights.ts'
import { download, type DownloadOptions } from './download.ts'
import { readStateDict } from './read-state-dict.ts'

/**
 * Where a model's weights come from: a name of torchvision's (`'DEFAULT'`, `'IMAGENET1K_V1'`), an entry of a registry, a
 * path or URL of a `.pth` or `.safetensors` file (or of the folder or index of one in several files), such a file itself as a
 * page's user chose it, or a state dict.
 */
export type WeightsSource<Name extends string = string> =
  // Written so, editors complete the names, and any other text will do, too.
  Name | (string & Record<never, never>) | URL | Blob | ModelWeights | StateDictLike

/** Options of models that can start from pretrained weights. */
export interface PretrainedOptions<Name extends string = string> extends Pick<
  DownloadOptions,
  'cacheDirectory' | 'progress' | 'signal'
> {
  /** The weights to start from. Those with Hugging Face's names are renamed. Default: none, drawn at random. */
  readonly weights?: WeightsSource<Name> | undefined
}

/**
 * The state dict that is meant by `weights`, by torchvision's names; `undefined` for none.
 *
 * @param model - What to call the model in messages.
 * @param registry - The model's weights by name.
 */
export async function pretrainedState(
  model: string,
  registry: Readonly<Record<string, ModelWeights>>,
  { weights, ...options }: PretrainedOptions,
): Promise<StateDictLike | undefined> {
  if (weights === undefined) return undefined
  const state = await stateOf(model, registry, weights, options)
  return isHuggingFaceResNet(state) ? fromHuggingFace(state) : state
}

async function stateOf(
  model: string,
  registry: Readonly<Record<string, ModelWeights>>,
  weights: WeightsSource,
  options: DownloadOptions,
): Promise<StateDictLike> {
  const source = typeof weights === 'string' ? (named(model, registry, weights) ?? weights) : weights
  const { signal } = options
  if (source instanceof ModelWeights) {
    const { url, sha256, name } = source
    return readStateDict(await download(url, { ...options, sha256 }), { signal, source: name })
  }
  if (source instanceof URL) {
    return readStateDict(await download(source, options), { signal, source: source.href })
  }
  if (source instanceof Blob) return readStateDict(source, { signal })
  if (typeof source !== 'string') return source
  if (/^https?:\/\//i.test(source)) return stateOf(model, registry, new URL(source), options)
  return readStateDict(source, { signal })
}

/** The entry of that name, also as torchvision's `ResNet18_Weights.DEFAULT`; `undefined` for a path or URL. */
function named(
  model: string,
  registry: Readonly<Record<string, ModelWeights>>,
  text: string,
): ModelWeights | undefined {
  const name = text.replace(/^ResNet\d+_?Weights\./, '')
  if (Object.hasOwn(registry, name)) return registry[name]
  // Nobody's file is named so, and "no such file" would not say which names there are.
  if (!/^[A-Z][A-Z\d_]*$/.test(name) && name === text) return undefined
  throw new ArgumentError(
    `${model} has no weights named '${text}'; there are ${Object.keys(registry).join(', ')}. ` +
      'A path, a URL or a state dict will do, too.',
  )
}
