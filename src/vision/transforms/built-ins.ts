import { CenterCrop } from './center-crop.ts'
import { ColorJitter } from './color-jitter.ts'
import { Grayscale } from './grayscale.ts'
import { Normalize } from './normalize.ts'
import { Pad } from './pad.ts'
import { RandomCrop } from './random-crop.ts'
import { RandomErasing } from './random-erasing.ts'
import { RandomHorizontalFlip, RandomVerticalFlip } from './random-flip.ts'
import { RandomResizedCrop } from './random-resized-crop.ts'
import { RandomRotation } from './random-rotation.ts'
import { Resize } from './resize.ts'
import { ToTensor } from './to-tensor.ts'

/**
 * The transforms that every loader worker knows by name. Written out, because a minifier may rename classes
 * but no keys.
 */
export const builtIns = {
  CenterCrop,
  ColorJitter,
  Grayscale,
  Normalize,
  Pad,
  RandomCrop,
  RandomErasing,
  RandomHorizontalFlip,
  RandomResizedCrop,
  RandomRotation,
  RandomVerticalFlip,
  Resize,
  ToTensor,
} as const
