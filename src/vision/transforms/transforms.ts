/**
 * Transforms: pictures in, tensors out, by torchvision's names, defaults and bytes. A transform is a small
 * object with one `forward`; the random ones draw in a static `getParams` and apply what they drew in a pure
 * function. `transform.ts` says what a transform is and how to write one, `spec.ts` how loader workers get it.
 */
export { CenterCrop } from './center-crop.ts'
export { ColorJitter, type ColorJitterOptions, type ColorJitterParams, type Jitter } from './color-jitter.ts'
export { Compose } from './compose.ts'
export type { CropBox } from './geometry.ts'
export { Grayscale } from './grayscale.ts'
export type { ImageSize } from './input.ts'
export { Lambda } from './lambda.ts'
export { Normalize } from './normalize.ts'
export type { Fill, Range, Size } from './options.ts'
export { Pad, type Padding, type PaddingMode, type PadOptions } from './pad.ts'
export { RandomCrop, type RandomCropOptions } from './random-crop.ts'
export { RandomErasing, type Erasure, type RandomErasingOptions } from './random-erasing.ts'
export { RandomHorizontalFlip, RandomVerticalFlip } from './random-flip.ts'
export { RandomResizedCrop, type RandomResizedCropOptions } from './random-resized-crop.ts'
export { RandomRotation } from './random-rotation.ts'
export { Resize, type ResizeOptions } from './resize.ts'
export type { AffineInterpolation } from './affine.ts'
export type { RotateOptions } from './rotate.ts'
export { ToTensor } from './to-tensor.ts'
