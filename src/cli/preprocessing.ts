import type { Preprocessing } from '../vision/preprocessing.ts'
import { Compose } from '../vision/transforms/compose.ts'
import { Normalize } from '../vision/transforms/normalize.ts'
import { RandomResizedCrop } from '../vision/transforms/random-resized-crop.ts'
import { RandomHorizontalFlip } from '../vision/transforms/random-flip.ts'
import { ToTensor } from '../vision/transforms/to-tensor.ts'

const imagenet: Preprocessing = {
  resizeSize: 256,
  cropSize: 224,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
}

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
