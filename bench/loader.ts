import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'

import { DataLoader } from '../src/data/data-loader.ts'
import type { Dataset } from '../src/data/dataset.ts'
import { load } from './loader-handler.ts'

/**
 * Pictures per second of the loader with 0, 1 and 2 workers, over the JPEG files below a folder, and the longest
 * that the caller's event loop was blocked: `npx tsx -C onnx-finetune-source bench/loader.ts [folder] [batch size]`.
 * The counts of workers take turns, so that a slow minute of the machine hits them all; the best round of each counts.
 */

const [, , folder = '../shared/data/hymenoptera_data/train', batchSize = '4'] = process.argv
const rounds = 5

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.jpg'))
  .map((name) => join(folder, name))
const handler = new URL('./loader-handler.ts#load', import.meta.url).href
const dataset: Dataset = {
  length: files.length,
  get: (index) => load(files[index]),
  job: (index) => ({ handler, payload: files[index] }),
}

const loaders = [0, 1, 2].map((numWorkers) => ({
  numWorkers,
  loader: new DataLoader(dataset, { batchSize: Number(batchSize), numWorkers }),
  rate: 0,
  blocked: Infinity,
}))

for (let round = 0; round < rounds; round++) {
  for (const entry of loaders) {
    const { rate, blocked } = await epoch(entry.loader)
    entry.rate = Math.max(entry.rate, rate)
    entry.blocked = Math.min(entry.blocked, blocked)
  }
}

console.table(
  loaders.map(({ numWorkers, rate, blocked }) => ({
    workers: numWorkers,
    'pictures/s': Math.round(rate),
    'times one worker': (rate / loaders[1]!.rate).toFixed(2),
    'event loop blocked (ms)': Math.round(blocked),
  })),
)
await Promise.all(loaders.map(({ loader }) => loader.close()))

async function epoch(loader: DataLoader): Promise<{ rate: number; blocked: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const start = performance.now()
  let pictures = 0
  for await (const { labels } of loader) pictures += labels.size
  const seconds = (performance.now() - start) / 1000
  delay.disable()
  return { rate: pictures / seconds, blocked: delay.max / 1e6 }
}
