/**
 * Longest time (ms) that the caller's event loop is blocked, in each phase of fine-tuning ResNet-18 at 224 × 224 on
 * generated JPEG pictures, two loader workers: `npx tsx -C onnx-finetune-source bench/event-loop.ts [steps] [rounds]`.
 * On a shared machine the best of several rounds counts. On Linux the time that the thread spent waiting for a
 * processor, which others had, is taken off.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import {
  DataLoader,
  encodeJpeg,
  Generator,
  ImageFolder,
  models,
  nn,
  optim,
  picture,
  TrainingSession,
  transforms as T,
} from '../src/index.ts'

const [steps, rounds] = [Number(process.argv[2] ?? 50), Number(process.argv[3] ?? 3)]
const root = mkdtempSync(join(tmpdir(), 'event-loop-'))
const hasSchedulerStatistics = existsSync('/proc/self/schedstat')
const best = new Map<string, number>()

try {
  makePictures()
  for (let round = 0; round < rounds; round++) {
    for (const frozen of [false, true]) await fineTune(frozen)
  }
  console.table(
    Object.fromEntries([...best].map(([phase, ms]) => [phase, { 'blocked (ms)': Math.round(ms) }])),
  )
} finally {
  rmSync(root, { recursive: true })
}

async function fineTune(frozen: boolean): Promise<void> {
  const name = (phase: string) => `${frozen ? 'frozen' : 'fine-tuning'}: ${phase}`
  const model = await measure(name('new model'), () => models.resnet18())
  if (frozen) model.requiresGrad_(false)
  model.fc = new nn.Linear(model.fc.inFeatures, 2)
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.001, momentum: 0.9 })
  const criterion = new nn.CrossEntropyLoss()
  const session = await measure(name('create'), () => TrainingSession.create(model, { criterion, optimizer }))
  const transform = new T.Compose([
    new T.RandomResizedCrop(224),
    new T.RandomHorizontalFlip(),
    new T.ToTensor(),
  ])
  const dataset = await ImageFolder.open(root, { transform })
  const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true, numWorkers: 2 })
  const [first] = await measure(name('first batch'), () => take(loader, 1))
  const { inputs, labels } = first!
  await measure(name('first training step'), () => session.trainStep(inputs, labels))
  await measure(name('first evaluation step'), () => session.evalStep(inputs, labels))
  await measure(name(`${steps} steps`), async () => {
    let step = 0
    while (step < steps) {
      for await (const batch of loader) {
        await session.trainStep(batch.inputs, batch.labels)
        if (++step >= steps) break
      }
    }
  })
  await measure(name('snapshot and restore'), () => session.snapshot().then(() => session.restore()))
  await measure(name('pull'), () => session.pull())
  await measure(name('close'), () => Promise.all([session.close(), loader.close()]))
}

async function take<B>(loader: AsyncIterable<B>, count: number): Promise<B[]> {
  const batches: B[] = []
  for await (const batch of loader) {
    batches.push(batch)
    if (batches.length === count) break
  }
  return batches
}

/** Runs `work` beside a timer of 1 ms: what it is late by at most was blocked. */
async function measure<R>(phase: string, work: () => Promise<R>): Promise<R> {
  let longest = 0
  let isOver = false
  let before = runTime()
  const look = () => {
    const now = runTime()
    longest = Math.max(longest, now - before)
    before = now
    if (!isOver) setTimeout(look, 1)
  }
  setTimeout(look, 1)
  const result = await work()
  isOver = true
  look()
  best.set(phase, Math.min(best.get(phase) ?? Infinity, longest))
  return result
}

/** Time (ms) less what this thread spent waiting for a processor. */
function runTime(): number {
  const waited = hasSchedulerStatistics
    ? Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1])
    : 0
  return performance.now() - waited / 1e6
}

/** Forty JPEG files of noise, of a photograph's size. */
function makePictures(): void {
  const generator = new Generator(0)
  for (const name of ['ants', 'bees']) {
    mkdirSync(join(root, name))
    for (let index = 0; index < 20; index++) {
      const pixels = new Uint8Array(375 * 500 * 3)
      for (let at = 0; at < pixels.length; at++)
        pixels[at] = 128 + 40 * Math.sin(at / 300) + 20 * generator.random()
      writeFileSync(join(root, name, `${index}.jpg`), encodeJpeg(picture(375, 500, 3, pixels)))
    }
  }
}
