/** The networks that the page offers. */
import { models, readStateDict, type Preprocessing } from 'onnx-finetune'

import { untrainedSmallNetwork, view } from '../../../shapes/small-architecture.ts'
import smallWeightsUrl from '../../../shapes/small-network.safetensors?url'

export type NetworkName = 'small' | 'resnet18' | 'resnet34' | 'resnet50'

/** Where a ResNet's weights come from. */
export type WeightsSource = 'imagenet' | 'url' | 'file' | 'none'

/** A network, and what suits it. */
export interface NetworkChoice {
  readonly name: NetworkName
  readonly label: string
  readonly hint: string
  /** Edge of the pictures that it was trained on. */
  readonly size: number
  readonly megabytes: number
}

/** In the order of their size. */
export const networks: readonly NetworkChoice[] = [
  {
    name: 'small',
    label: 'Small network',
    hint: '0.3 million parameters: here at once, fast on any device. It has only seen drawings: good for the sample and for trying out.',
    size: view.size,
    megabytes: 1.2,
  },
  {
    name: 'resnet18',
    label: 'ResNet-18',
    hint: '11.7 million parameters: the one for photographs.',
    size: 224,
    megabytes: 45,
  },
  {
    name: 'resnet34',
    label: 'ResNet-34',
    hint: '21.8 million parameters: somewhat better than ResNet-18, and half as fast.',
    size: 224,
    megabytes: 83,
  },
  {
    name: 'resnet50',
    label: 'ResNet-50',
    hint: '25.6 million parameters: the best of them, for a machine with WebGPU.',
    size: 224,
    megabytes: 98,
  },
]

/** Which network, and its weights. */
export interface NetworkSpec {
  readonly name: NetworkName
  readonly weights: WeightsSource
  /** With `'url'`. */
  readonly url: string
  /** With `'file'`: a path of the library's. */
  readonly path?: string | undefined
}

/** Loads a network with its weights; ready for another head. */
export async function loadNetwork({ name, weights, url, path }: NetworkSpec): Promise<models.ResNet> {
  if (name === 'small') return smallNetwork()
  const source = { imagenet: 'IMAGENET1K_V1', url, file: path, none: undefined } as const
  return models[name]({ weights: source[weights] as 'IMAGENET1K_V1' | undefined })
}

/** What is done to pictures before the network sees them. */
export function preprocessingOf(name: NetworkName, size: number): Preprocessing {
  if (name === 'small') {
    return {
      resizeSize: Math.round((size * view.resized) / view.size),
      cropSize: size,
      mean: view.mean,
      std: view.std,
    }
  }
  const { mean, std } = models.ResNet18Weights.IMAGENET1K_V1.preprocessing
  return { resizeSize: Math.round((size * 256) / 224), cropSize: size, mean, std }
}

/** The share of a picture that a random crop takes: photographs bear more than drawings. */
export function cropScaleOf(name: NetworkName): readonly [number, number] {
  return name === 'small' ? view.cropScale : [0.35, 1]
}

async function smallNetwork(): Promise<models.ResNet> {
  const state = await readStateDict(new URL(smallWeightsUrl, location.href).href)
  const model = untrainedSmallNetwork(state.get('fc.weight')!.shape[0]!)
  model.loadStateDict(state)
  return model
}
