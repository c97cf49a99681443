/** Pictures of the page as loaders of the library. */
import {
  DataLoader,
  Generator,
  ImageFolder,
  mountFiles,
  preprocessingTransforms,
  transforms as T,
  unmountFiles,
} from 'onnx-finetune'

import type { Picture } from '../data/picture.ts'
import type { Assigned } from '../data/split.ts'
import { cropScaleOf, preprocessingOf, type NetworkName } from './networks.ts'

/** How pictures become batches. */
export interface DataOptions {
  readonly network: NetworkName
  readonly size: number
  readonly batchSize: number
  readonly augment: boolean
}

/** Loaders, and what is in the validation one, in its order. */
export interface OpenedData {
  readonly loaders: { readonly train: DataLoader; readonly val: DataLoader }
  readonly classes: readonly string[]
  readonly valPictures: readonly Picture[]
  /** Ends the workers and lets go of the files. */
  close(): Promise<void>
}

/** Opens both parts. The order is that of classes and ids, so a run of before can go on. */
export async function openData({ train, val }: Assigned, options: DataOptions): Promise<OpenedData> {
  const { network, size, batchSize, augment } = options
  const preprocessing = preprocessingOf(network, size)
  const still = preprocessingTransforms(preprocessing)
  const augmented = new T.Compose([
    new T.RandomResizedCrop(size, { scale: cropScaleOf(network) }),
    new T.RandomHorizontalFlip(),
    new T.ToTensor(),
    new T.Normalize(preprocessing.mean, preprocessing.std),
  ])
  const root = await mountFiles({ ...tree('train', train), ...tree('val', val) })
  const trainSet = await ImageFolder.open(`${root}/train`, { transform: augment ? augmented : still })
  const valSet = await ImageFolder.open(`${root}/val`, {
    transform: still,
    targetTransform: (label) => trainSet.classToIdx[valSet.classes[label]!]!,
  })
  // The engine has a worker too, and the page's own thread wants some time.
  const numWorkers = Math.max(1, Math.min(3, navigator.hardwareConcurrency - 1))
  const generator = new Generator(0)
  const loaders = {
    train: new DataLoader(trainSet, { numWorkers, batchSize, shuffle: true, generator: generator.split() }),
    val: new DataLoader(valSet, {
      numWorkers,
      batchSize: Math.max(8, batchSize),
      generator: generator.split(),
    }),
  }
  const byId = new Map(val.map((picture) => [picture.id, picture]))
  return {
    loaders,
    classes: trainSet.classes,
    valPictures: valSet.samples.map(({ path }) => byId.get(idOf(path))!),
    close: async () => {
      await Promise.all([loaders.train.close(), loaders.val.close()])
      unmountFiles(root)
    },
  }
}

const idLength = 15

function tree(split: string, pictures: readonly Picture[]): Record<string, Blob> {
  return Object.fromEntries(
    pictures.map(({ id, className, file }) => {
      const extension = file.type === 'image/png' ? 'png' : 'jpg'
      return [`${split}/${className}/${String(id).padStart(idLength, '0')}.${extension}`, file]
    }),
  )
}

function idOf(path: string): number {
  return Number(path.split('/').at(-1)!.slice(0, idLength))
}
