import { DataLoader, ImageFolder, transforms as T } from 'onnx-finetune'

import type { ListRequest, Reply } from '../protocol.ts'
import { residentBytes } from '../resident.ts'

/** Lists a folder, and loads its first batch: seconds, and the bytes that the list takes. */
export async function list({ folder }: ListRequest): Promise<Reply> {
  const resident = () => residentBytes(process.pid, 'VmRSS') ?? NaN
  const before = { heap: process.memoryUsage().heapUsed, resident: resident() }
  const began = performance.now()
  const dataset = await ImageFolder.open(folder, {
    transform: new T.Compose([new T.RandomResizedCrop(224), new T.ToTensor()]),
  })
  const seconds = (performance.now() - began) / 1000
  const [heapBytes, residentGrowth] = [
    process.memoryUsage().heapUsed - before.heap,
    resident() - before.resident,
  ]
  await using loader = new DataLoader(dataset, { batchSize: 4, shuffle: true, numWorkers: 2 })
  const asked = performance.now()
  const epoch = loader[Symbol.asyncIterator]()
  await epoch.next()
  const firstBatchSeconds = (performance.now() - asked) / 1000
  await epoch.return()
  return {
    times: [seconds],
    numbers: { files: dataset.length, heapBytes, residentGrowth, firstBatchSeconds },
  }
}
