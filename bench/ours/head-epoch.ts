import { cacheFeatures, DataLoader, type nn } from 'onnx-finetune'

import type { EpochRequest, Reply, Settings } from '../protocol.ts'
import { secondsOfSecondEpoch } from './epoch.ts'
import { openFolder } from './load.ts'
import { makeNetwork } from './networks.ts'

/** Seconds of an epoch of the head alone on cached features, and of the caching. */
export async function headEpoch({ batch, workers }: EpochRequest, settings: Settings): Promise<Reply> {
  const options = { batchSize: batch, shuffle: true, numWorkers: workers }
  // Without augmentation, or there would be nothing to cache.
  await using train = new DataLoader(await openFolder('train', settings, false), options)
  await using val = new DataLoader(await openFolder('val', settings), options)
  const model = (await makeNetwork('resnet18', 'frozen', settings)) as nn.Module & { fc: nn.Module }
  const began = performance.now()
  const features = await cacheFeatures(model, 'fc', { train, val }, { device: 'cpu' })
  const cachingSeconds = (performance.now() - began) / 1000
  return { times: [await secondsOfSecondEpoch(model.fc, features)], numbers: { cachingSeconds } }
}
