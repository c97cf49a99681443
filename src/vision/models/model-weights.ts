import { preprocessingTransforms, type Preprocessing } from '../preprocessing.ts'
import type { Compose } from '../transforms/compose.ts'

/** What {@link ModelWeights} are made of. */
export interface ModelWeightsDescription {
  /** What to call them in messages: `'ResNet18Weights.IMAGENET1K_V1'`. */
  readonly name: string
  /** Where the file is downloaded from: a `.pth` or `.safetensors` of a state dict. */
  readonly url: string
  /** The SHA-256 of the file in hexadecimal, or the first 8 digits or more of it, as in torchvision's file names. */
  readonly sha256: string
  /** Under what terms the file may be used, as an SPDX identifier. */
  readonly licence: string
  /** What is done to pictures. */
  readonly preprocessing: Preprocessing
  /** Names of the classes in the order of the logits, loaded when asked for. */
  readonly loadCategories: () => Promise<readonly string[]>
  /** What their makers measured on the validation set of ImageNet-1k, in percent: the best guess right, and one of the best five. */
  readonly accuracy?: { readonly top1: number; readonly top5: number } | undefined
  /** Number of parameters of the model. */
  readonly numParameters?: number | undefined
  /** How they were trained: a web page. */
  readonly recipe?: string | undefined
}

/**
 * Pretrained weights that can be downloaded, with what belongs to them: the hash of the file, the terms, the class
 * names and the preprocessing. Those of torchvision are in `models.ResNet18Weights` and its siblings; make one of your
 * own for weights on your own server.
 *
 * @see https://pytorch.org/vision/0.14/models.html
 *
 * @example
 * ```ts
 * import { models } from 'onnx-finetune'
 *
 * const weights = models.ResNet18Weights.IMAGENET1K_V1
 * const transform = weights.transforms()             // resize to 256, crop 224, normalize
 * const categories = await weights.categories()      // ['tench', 'goldfish', …]
 * const model = await models.resnet18({ weights })   // downloads 45 MB the first time
 * ```
 */
export class ModelWeights {
  readonly name: string
  readonly url: string
  readonly sha256: string
  readonly licence: string
  readonly preprocessing: Preprocessing
  readonly accuracy: { readonly top1: number; readonly top5: number } | undefined
  readonly numParameters: number | undefined
  readonly recipe: string | undefined
  readonly #loadCategories: () => Promise<readonly string[]>

  constructor(description: ModelWeightsDescription) {
    this.name = description.name
    this.url = description.url
    this.sha256 = description.sha256
    this.licence = description.licence
    this.preprocessing = description.preprocessing
    this.accuracy = description.accuracy
    this.numParameters = description.numParameters
    this.recipe = description.recipe
    this.#loadCategories = description.loadCategories
  }

  /** The transform that belongs to the weights: what their makers did to the pictures that they measured with. */
  transforms(): Compose {
    return preprocessingTransforms(this.preprocessing)
  }

  /** Names of the classes, in the order of the logits. */
  categories(): Promise<readonly string[]> {
    return this.#loadCategories()
  }
}
