/**
 * Pictures per second of the loader with 0, 1 and 2 workers, by the tutorial's training transforms, and the longest
 * that the caller's event loop was blocked: `npx tsx -C onnx-finetune-source bench/loader.ts [folder] [batch size]`.
 * The counts of workers take turns, so that a slow minute of the machine hits them all; the best round of each counts.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'

import { DataLoader, ImageFolder, transforms as T } from '../src/index.ts'

const [, , folder = '../shared/data/hymenoptera_data/train', batchSize = '4'] = process.argv
const rounds = 5

const transform = new T.Compose([
  new T.RandomResizedCrop(224),
  new T.RandomHorizontalFlip(),
  new T.ToTensor(),
  new T.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
])
const dataset = await ImageFolder.open(folder, { transform })
const loaders = [0, 1, 2].map((numWorkers) => ({
  numWorkers,
  loader: new DataLoader(dataset, { batchSize: Number(batchSize), shuffle: true, numWorkers }),
  rate: 0,
  blocked: Infinity,
}))

for (let round = 0; round <= rounds; round++) {
  for (const entry of loaders) {
    const { rate, blocked } = await epoch(entry.loader)
    if (round === 0) continue // Workers start in it.
    entry.rate = Math.max(entry.rate, rate)
    entry.blocked = Math.min(entry.blocked, blocked)
  }
}
for (const { loader, numWorkers, rate, blocked } of loaders) {
  console.log(
    `${numWorkers} workers: ${rate.toFixed(0)} pictures/s, event loop blocked ${blocked.toFixed(0)} ms`,
  )
  await loader.close()
}

async function epoch(loader: DataLoader): Promise<{ rate: number; blocked: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const began = performance.now()
  let pictures = 0
  for await (const { labels } of loader) pictures += labels.size
  delay.disable()
  return { rate: pictures / ((performance.now() - began) / 1000), blocked: delay.max / 1e6 }
}
