import { joinPath, listDirectory } from '#platform'

import { Generator } from '../core/generator.ts'
import type { Dataset } from '../data/dataset.ts'
import { Subset } from '../data/subset.ts'
import { ImageFolder } from '../vision/image-folder.ts'
import type { TransformLike } from '../vision/transforms/transform.ts'
import { UsageError } from './fail.ts'

/** Pictures in the two ways that folders of them are laid out. */

/** A part of a folder's pictures, with the folder's classes: checkpoints note them. */
class Part extends Subset<ImageFolder> {
  get classes(): readonly string[] {
    return this.dataset.classes
  }
}

/** Pictures to train on and pictures to measure with. */
export interface TrainingData {
  readonly train: Dataset
  readonly val: Dataset
  readonly classes: readonly string[]
  /** Files that are no pictures. */
  readonly skipped: ImageFolder['skipped']
}

/** What is done to the pictures of each part. */
export interface PartTransforms {
  readonly train: TransformLike
  readonly val: TransformLike
}

/** How a part is split off where the folder doesn't do it. */
export interface SplitOptions {
  /** Share of each class that is for validation, 0 … 1. */
  readonly share: number
  readonly seed: number
}

/**
 * `folder/train/<class>` and `folder/val/<class>`; or only class folders, of which a part is split off by the seed.
 *
 * @throws {@link FileSystemError} or {@link DataError} for a folder that isn't there or has no pictures, {@link UsageError}
 * where the two parts have other classes.
 */
export async function openTrainingData(
  folder: string,
  transforms: PartTransforms,
  split: SplitOptions,
): Promise<TrainingData> {
  const subfolders = await foldersIn(folder)
  if (!subfolders.includes('train') || !subfolders.includes('val')) {
    return splitData(folder, transforms, split)
  }
  const train = await ImageFolder.open(joinPath(folder, 'train'), { transform: transforms.train })
  const val = await ImageFolder.open(joinPath(folder, 'val'), { transform: transforms.val })
  if (train.classes.join('\n') !== val.classes.join('\n')) {
    throw new UsageError(
      `${train.root} has the classes ${train.classes.join(', ')}, and ${val.root} ${val.classes.join(', ')}: ` +
        'both need the same folders',
    )
  }
  return { train, val, classes: train.classes, skipped: [...train.skipped, ...val.skipped] }
}

/** The pictures that a model is measured with: those of `folder/val` where it is laid out so, else all. */
export async function openEvaluationData(folder: string): Promise<ImageFolder> {
  const subfolders = await foldersIn(folder)
  const hasParts = subfolders.includes('train') && subfolders.includes('val')
  return ImageFolder.open(hasParts ? joinPath(folder, 'val') : folder)
}

async function splitData(
  folder: string,
  transforms: PartTransforms,
  { share, seed }: SplitOptions,
): Promise<TrainingData> {
  const forTraining = await ImageFolder.open(folder, { transform: transforms.train })
  const forValidation = await ImageFolder.open(folder, { transform: transforms.val })
  const { classes, skipped, targets } = forTraining
  const { train, val } = splitByClass(targets, classes, share, new Generator(seed))
  return { train: new Part(forTraining, train), val: new Part(forValidation, val), classes, skipped }
}

/**
 * Indices of both parts, in order: of each class the same share, at least one picture in each.
 *
 * @throws {@link UsageError} for a class of one picture.
 */
export function splitByClass(
  targets: readonly number[],
  classes: readonly string[],
  share: number,
  generator: Generator,
): { readonly train: number[]; readonly val: number[] } {
  const val = new Set<number>()
  for (const [label, name] of classes.entries()) {
    const own = targets.flatMap((target, index) => (target === label ? [index] : []))
    if (own.length < 2) {
      throw new UsageError(
        `class ${name} has one picture; to split off a part for validation it needs two or more`,
      )
    }
    const size = Math.min(own.length - 1, Math.max(1, Math.round(own.length * share)))
    const order = generator.permutation(own.length)
    for (const place of order.slice(0, size)) val.add(own[place]!)
  }
  const indices = targets.map((_, index) => index)
  return { train: indices.filter((index) => !val.has(index)), val: indices.filter((index) => val.has(index)) }
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await listDirectory(folder)
  return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name)
}
