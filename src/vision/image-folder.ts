/** A data set of picture files, one folder for each class. */
import { mountedFile } from '#platform'

import type { Generator } from '../core/generator.ts'
import type { Tensor } from '../core/tensor.ts'
import { checkIndex, type Allocate, type Dataset, type Sample, type SampleJob } from '../data/dataset.ts'
import { createPictureStore, type PictureCacheOptions, type PictureStore } from './cache/picture-cache.ts'
import { decodableExtensions, type DecodeOptions } from './decode.ts'
import { scanImageFolder, type FolderScan, type ImageFile, type SkippedFile } from './image-folder-scan.ts'
import {
  fromWorker,
  loadImage,
  toTensor,
  transformNamed,
  type ImagePayload,
  type ImageSource,
} from './image-job.ts'
import { splitForWorker, type SplitTransform } from './transforms/spec.ts'
import type { TransformLike } from './transforms/transform.ts'

/** Options of {@link ImageFolder.open}. */
export interface ImageFolderOptions {
  /** What happens to each picture on its way to a sample; none by default. */
  readonly transform?: TransformLike | undefined
  /** What happens to each label; by default it stays the class's index. */
  readonly targetTransform?: ((label: number) => number | Tensor) | undefined
  /** How pictures are decoded: see {@link DecodeOptions}. */
  readonly decode?: Pick<DecodeOptions, 'codec' | 'maxPixels'> | undefined
  /**
   * Keeps decoded pictures in memory, up to `maxBytes`, so that from the second epoch on they are not decoded
   * again; none by default. The caller and all loader workers share them, and the samples stay the same, bit for
   * bit. What doesn't fit, and files that change later, are decoded each time.
   */
  readonly cache?: PictureCacheOptions | undefined
  /** Called for each file that is left out, with the reason; `skipped` lists them too. */
  readonly onSkip?: ((file: SkippedFile) => void) | undefined
}

/**
 * Pictures in folders named after their classes, `root/ants/1.jpg`, `root/bees/2.jpg`, in the order of
 * torchvision's `ImageFolder`: classes sorted by name, then files by path, folders within folders too.
 *
 * Each sample's input is what `transform` makes of the RGB picture. If that is still a picture, with no
 * `ToTensor` at the end, the input is its pixels as a uint8 tensor `[H, W, C]`. Files are read when they are
 * asked for: those that can't be read or decoded are errors then, and name the file.
 *
 * @see https://pytorch.org/vision/stable/generated/torchvision.datasets.ImageFolder.html
 *
 * @example
 * ```ts
 * import { ImageFolder, transforms as T } from 'onnx-finetune'
 *
 * const train = await ImageFolder.open('data/hymenoptera_data/train', {
 *   transform: new T.Compose([new T.RandomResizedCrop(224), new T.ToTensor()]),
 *   onSkip: ({ path, reason }) => console.warn(`skipped ${path}: ${reason}`),
 * })
 * train.classes    // ['ants', 'bees']
 * ```
 */
export class ImageFolder implements Dataset {
  /** Names of the classes; a label is an index into them. */
  readonly classes: readonly string[]
  /** Each class's index. */
  readonly classToIdx: Readonly<Record<string, number>>
  /** The pictures' paths and labels, in order. */
  readonly samples: readonly ImageFile[]
  /** The labels alone. */
  readonly targets: readonly number[]
  /** Files in the class folders that are left out, and why. */
  readonly skipped: readonly SkippedFile[]

  readonly #options: ImageFolderOptions
  readonly #split: SplitTransform
  readonly #store: PictureStore | undefined

  private constructor(
    readonly root: string,
    { classes, samples, skipped }: FolderScan,
    options: ImageFolderOptions,
  ) {
    this.classes = classes
    this.classToIdx = Object.fromEntries(classes.map((name, index) => [name, index]))
    this.samples = samples
    this.targets = samples.map(({ label }) => label)
    this.skipped = skipped
    this.#options = options
    this.#split = options.transform ? splitForWorker(options.transform) : { spec: undefined, rest: undefined }
    this.#store = options.cache && createPictureStore(samples.length, options.cache)
  }

  /**
   * Lists the folders and files below `root`; reads no picture yet.
   *
   * @throws {@link FileSystemError} if `root` or a folder in it is missing or may not be listed.
   * @throws {@link DataError} if there is no class folder, or one without pictures.
   * @throws {@link ArgumentError} if the cache's `maxBytes` is not positive, or more than can be reserved.
   */
  static async open(root: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
    const scan = await scanImageFolder(root, decodableExtensions(options.decode?.codec))
    if (options.onSkip) scan.skipped.forEach(options.onSkip)
    return new ImageFolder(root, scan, options)
  }

  /** Number of pictures. */
  get length(): number {
    return this.samples.length
  }

  /**
   * Reads, decodes and transforms one picture.
   *
   * @throws {@link FileSystemError} or {@link ImageError}, naming the file, if it can't be read or decoded.
   * @throws {@link DataError} naming the file if the transform fails.
   */
  async get(index: number, generator: Generator, allocate?: Allocate): Promise<Sample> {
    const { path, label } = this.#at(index)
    const output = await loadImage(this.#source(index), this.#options.transform, generator, allocate)
    return { input: toTensor(output, path), label: this.#target(label) }
  }

  /** What a loader worker needs; transforms that can't be sent to it are finished on the caller's thread. */
  job(index: number): SampleJob {
    const { path, label } = this.#at(index)
    const source = this.#source(index)
    const { spec, rest } = this.#split
    const target = this.#target(label)
    const payload = (sent: ImagePayload['label']): ImagePayload => ({
      source,
      transform: spec,
      label: sent,
    })
    if (!rest && typeof target === 'number') return { handler: 'image', payload: payload(target) }
    const finish = async (sample: Sample, generator: Generator): Promise<Sample> => {
      const input = fromWorker(sample)
      const output = rest ? await transformNamed(path, rest, input, generator) : input
      return { input: toTensor(output, path), label: target }
    }
    return { handler: 'image', payload: payload('kind'), finish }
  }

  #at(index: number): ImageFile {
    checkIndex(index, this.length, `the ImageFolder ${this.root}`)
    return this.samples[index]!
  }

  #source(index: number): ImageSource {
    const { decode = {} } = this.#options
    const { path } = this.#at(index)
    return { path, mounted: mountedFile(path), decode, cached: this.#store && { store: this.#store, index } }
  }

  #target(label: number): number | Tensor {
    return this.#options.targetTransform?.(label) ?? label
  }
}
