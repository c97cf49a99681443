import { DataLoader, ImageFolder, transforms as T } from 'onnx-finetune'

import type { LoadRequest, Reply, Settings, TimeSteps } from '../protocol.ts'

const toNormalized = [new T.ToTensor(), new T.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25])]

/** The tutorial's pictures of a phase, with its transforms. */
export function openFolder(
  phase: 'train' | 'val',
  settings: Settings,
  augments = phase === 'train',
): Promise<ImageFolder> {
  const { size, resized } = settings
  const geometry = augments
    ? [new T.RandomResizedCrop(size), new T.RandomHorizontalFlip()]
    : [new T.Resize(resized), new T.CenterCrop(size)]
  return ImageFolder.open(settings[phase], { transform: new T.Compose([...geometry, ...toNormalized]) })
}

/** Times batches of the training pictures, as many epochs as that takes. */
export async function load(request: LoadRequest, settings: Settings, timeSteps: TimeSteps): Promise<Reply> {
  const { workers, batch, repeats } = request
  const dataset = await openFolder('train', settings)
  await using loader = new DataLoader(dataset, {
    batchSize: batch,
    shuffle: true,
    dropLast: true,
    numWorkers: workers,
  })
  let epoch = loader[Symbol.asyncIterator]()
  const reply = await timeSteps(async () => {
    if (!(await epoch.next()).done) return
    epoch = loader[Symbol.asyncIterator]()
    await epoch.next()
  }, repeats)
  await epoch.return()
  return reply
}
