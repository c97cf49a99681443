import type { Generator } from '../core/generator.ts'
import { download } from '../io/download.ts'
import { inspectFile } from '../io/inspect.ts'
import * as models from '../io/models.ts'
import { readStateDict } from '../io/read-state-dict.ts'
import { fromHuggingFace, isHuggingFaceResNet } from '../vision/models/foreign-keys.ts'
import type { ResNet } from '../vision/models/resnet.ts'
import type { Preprocessing } from '../vision/preprocessing.ts'
import {
  architectureOf,
  buildResNet,
  isSame,
  namedArchitecture,
  nameOf,
  type Architecture,
  type ModelName,
} from './architecture.ts'
import { UsageError } from './fail.ts'

/** A network to start from. */
export interface StartModel {
  readonly model: ResNet
  readonly architecture: Architecture
  /** What belongs to its weights, where it's known. */
  readonly preprocessing?: Preprocessing | undefined
}

/** What to start from. */
export interface StartOptions {
  /** A name of torchvision's, a path, a URL, or `none`. */
  readonly weights: string
  /** Needed for names; where a file has another network, that's an error. Default: resnet18, or the file's. */
  readonly model?: ModelName | undefined
  readonly generator: Generator
  readonly signal: AbortSignal
}

const registries = {
  resnet18: models.ResNet18Weights,
  resnet34: models.ResNet34Weights,
  resnet50: models.ResNet50Weights,
} as const

/**
 * The network with its weights.
 *
 * @throws {@link UsageError} where `model` is another one than the file's, and what reading and downloading throw.
 */
export async function startModel({ weights, model, generator, signal }: StartOptions): Promise<StartModel> {
  const name = model ?? 'resnet18'
  if (weights === 'none') {
    const architecture = namedArchitecture(name)
    return { model: buildResNet(architecture, { generator }), architecture }
  }
  if (/^[A-Z][A-Z\d_]*$/.test(weights)) {
    const registry: Readonly<Record<string, models.ModelWeights>> = registries[name]
    const made = await models[name]({ weights, signal })
    return {
      model: made,
      architecture: namedArchitecture(name),
      preprocessing: registry[weights]?.preprocessing,
    }
  }
  const path = /^https?:\/\//i.test(weights) ? await download(weights, { signal }) : weights
  return fromFile(path, weights, model, signal)
}

async function fromFile(
  path: string,
  source: string,
  name: ModelName | undefined,
  signal: AbortSignal,
): Promise<StartModel> {
  const read = await readStateDict(path, { signal, source })
  const state = isHuggingFaceResNet(read) ? fromHuggingFace(read) : read
  const architecture = architectureOf(state, source)
  if (name && !isSame(namedArchitecture(name), architecture)) {
    throw new UsageError(
      `--model is ${name}, but ${source} has the weights of ${nameOf(architecture)}: leave out --model`,
    )
  }
  // Only that format has a place for it.
  const isSingle = /\.safetensors$/i.test(path)
  const preprocessing = isSingle ? (await inspectFile(path, { signal })).preprocessing : undefined
  return { model: buildResNet(architecture, { weights: state }), architecture, preprocessing }
}
