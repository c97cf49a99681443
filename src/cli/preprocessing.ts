import { ResNet18Weights } from '../vision/models/resnet-weights.ts'
import type { Preprocessing } from '../vision/preprocessing.ts'
import { Compose } from '../vision/transforms/compose.ts'
import { Normalize } from '../vision/transforms/normalize.ts'
import { RandomResizedCrop } from '../vision/transforms/random-resized-crop.ts'
import { RandomHorizontalFlip } from '../vision/transforms/random-flip.ts'
import { ToTensor } from '../vision/transforms/to-tensor.ts'

const imagenet = ResNet18Weights.IMAGENET1K_V1.preprocessing

/** The weights' own preprocessing, or ImageNet's, for pictures of `size` pixels a side where that is given. */
export function preprocessingFor(own: Preprocessing | undefined, size: number | undefined): Preprocessing {
  const { resizeSize, cropSize, ...rest } = own ?? imagenet
  if (size === undefined || size === cropSize) return { resizeSize, cropSize, ...rest }
  return { ...rest, cropSize: size, resizeSize: Math.round((size * resizeSize) / cropSize) }
}

/** The tutorial's training transform, for pictures that are validated with that preprocessing. */
export function trainingTransform({ cropSize, mean, std, interpolation }: Preprocessing): Compose {
  return new Compose([
    new RandomResizedCrop(cropSize, { interpolation }),
    new RandomHorizontalFlip(),
    new ToTensor(),
    new Normalize(mean, std),
  ])
}
