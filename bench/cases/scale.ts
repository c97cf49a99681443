import { cpSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Network, Settings } from '../protocol.ts'
import { median } from '../median.ts'
import type { Case } from './case.ts'
import { repeatsOf, stepCase, stepRequest } from './steps.ts'

/** Lists a folder of so many hard links to the training pictures. */
function filesCase(count: number): Case {
  return {
    name: `scale-files-${count}`,
    title: `listing ${count.toLocaleString('en')} files`,
    unit: 'ms',
    contenders: ['ours'],
    mostRounds: 1,
    async measure(contender, settings) {
      const root = linkFiles(count, settings)
      const fresh = contender.fresh()
      try {
        const { times, numbers, absent } = await fresh.ask({ case: 'list', folder: join(root, 'links') })
        return times ? { value: 1000 * times[0]!, details: numbers } : { absent }
      } finally {
        fresh.stop()
        rmSync(root, { recursive: true })
      }
    },
  }
}

/** The pictures are copied once: links can't cross file systems. */
function linkFiles(count: number, { train }: Settings): string {
  const root = mkdtempSync(join(tmpdir(), 'bench-files-'))
  const [originals, folder] = [join(root, 'originals'), join(root, 'links')]
  cpSync(train, originals, { recursive: true })
  const classes = readdirSync(originals).map((name) => {
    const files = readdirSync(join(originals, name)).filter((file) => /\.jpe?g$/i.test(file))
    mkdirSync(join(folder, name), { recursive: true })
    return { name, files }
  })
  for (let index = 0; index < count; index++) {
    const { name, files } = classes[index % classes.length]!
    const file = files[Math.floor(index / classes.length) % files.length]!
    linkSync(join(originals, name, file), join(folder, name, `${index}.jpg`))
  }
  return root
}

/** Resident memory (MB) at the end of many steps, and once it had settled. */
const longRunCase: Case = {
  name: 'scale-long-run',
  title: 'resident after 2,000 steps of a narrow ResNet, 32 × 32, batch 2',
  unit: 'MB',
  contenders: ['ours'],
  mostRounds: 1,
  async measure(contender) {
    const fresh = contender.fresh()
    const { numbers, absent } = await fresh.ask({
      case: 'longRun',
      steps: 2000,
      settled: 100,
      batch: 2,
      size: 32,
    })
    fresh.stop()
    if (!numbers) return { absent }
    return { value: numbers.endBytes! / 1e6, details: { settledMB: numbers.settledBytes! / 1e6 } }
  },
}

/** Milliseconds a picture at each batch size; a batch that costs much more a picture than smaller ones is a cliff. */
const batchCase: Case = {
  name: 'scale-batch',
  title: 'fine-tuning step a picture, worst batch of 1 … 64',
  unit: 'ms',
  contenders: ['ours'],
  mostRounds: 1,
  async measure(contender) {
    const perPicture: Record<string, number> = {}
    for (const batch of [1, 2, 4, 8, 16, 32, 64]) {
      const repeats = { ...repeatsOf(batch), seconds: 0.5, least: 2 }
      const { times, absent } = await contender.ask(stepRequest('finetune', batch, { repeats }))
      if (!times) return { absent }
      perPicture[`batch ${batch}`] = (1000 * median(times)) / batch
    }
    const values = Object.values(perPicture)
    // Against the best of the smaller batches.
    const growth = values.map((value, index) => value / Math.min(value, ...values.slice(0, index)))
    return { value: Math.max(...values), details: { ...perPicture, 'worst growth': Math.max(...growth) } }
  },
}

const brief = { warmUp: 3, seconds: 1, least: 3, most: 8 }

const networkCase = (network: Network, depth: number): Case =>
  stepCase(
    `scale-${network}`,
    `fine-tuning step, ResNet-${depth}, batch 4`,
    stepRequest('finetune', 4, { network, repeats: brief }),
    { mostRounds: 2 },
  )

const sizeCase = (size: number): Case =>
  stepCase(
    `scale-size-${size}`,
    `fine-tuning step, ${size} × ${size}, batch 4`,
    stepRequest('finetune', 4, { size, repeats: brief }),
    { mostRounds: 2 },
  )

export const scaleCases: readonly Case[] = [
  ...[1000, 10_000, 100_000].map(filesCase),
  longRunCase,
  networkCase('resnet18', 18),
  networkCase('resnet34', 34),
  networkCase('resnet50', 50),
  ...[96, 160, 224, 320, 448].map(sizeCase),
  batchCase,
]
