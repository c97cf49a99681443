import { existsSync, readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { isSlow } from '../support/slow.ts'
import {
  DataLoader,
  ImageFolder,
  Tensor,
  models,
  nn,
  optim,
  readStateDict,
  train,
  transforms as T,
} from '../../src/index.ts'

/** PyTorch's losses on the same files: test/fixtures/tutorial/make.py. */
interface Losses {
  readonly train: readonly number[]
  readonly val: readonly number[]
  readonly epoch: Record<'train' | 'val', [loss: number, accuracy: number]>
  /** The first channels of each running mean and variance. */
  readonly buffers: Readonly<Record<string, readonly number[]>>
}
const file = new URL('../fixtures/tutorial/losses.json', import.meta.url)
const expected = JSON.parse(readFileSync(file, 'utf8')) as Record<'frozen' | 'finetune', Losses>
const shared = new URL('../../../shared/', import.meta.url).pathname

const transform = new T.Compose([
  new T.Resize(256),
  new T.CenterCrop(224),
  new T.ToTensor(),
  new T.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
])

async function load(phase: 'train' | 'val') {
  const dataset = await ImageFolder.open(`${shared}data/hymenoptera_data/${phase}`, { transform })
  return new DataLoader(dataset, { batchSize: 4 })
}

/** Training steps; of an epoch there are 61, and its validation has 39. All of fine-tuning is a minute on two cores. */
const steps = isSlow ? Infinity : 12
const isWhole = (strategy: 'frozen' | 'finetune') => strategy === 'frozen' || steps === Infinity

describe.skipIf(!existsSync(shared))('the tutorial on its real pictures (skipped without ../shared)', () => {
  const whole = 'every step of an epoch and of its validation'
  it.each([
    { strategy: 'frozen', what: whole },
    {
      strategy: 'finetune',
      what: isWhole('finetune') ? whole : `each of ${steps} steps (SLOW_TESTS=1: ${whole})`,
    },
  ] as const)(
    "$strategy: has PyTorch's loss at $what",
    async ({ strategy }) => {
      const weights = await readStateDict(`${shared}weights/resnet18-imagenet.pth`)
      const model = await models.resnet18({ weights })
      if (strategy === 'frozen') model.requiresGrad_(false)
      model.fc = new nn.Linear(model.fc.inFeatures, 2)
      for (const parameter of model.fc.parameters()) parameter.tensor = Tensor.zeros(parameter.tensor.shape)
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.001, momentum: 0.9 })
      const losses = { train: [] as number[], val: [] as number[] }
      const dataloaders = { train: await load('train'), val: await load('val') }
      const options = { dataloaders, criterion: new nn.CrossEntropyLoss(), optimizer, numEpochs: 1 }
      for await (const event of train(model, { ...options, device: 'cpu' })) {
        if (event.type === 'batch') losses[event.phase].push(event.loss)
        if (!isWhole(strategy) && losses.train.length === steps) break
        if (event.type !== 'phase') continue
        const [loss, accuracy] = expected[strategy].epoch[event.phase]
        expect(Math.abs(event.metrics.loss / loss - 1)).toBeLessThan(1e-3)
        expect(event.metrics.accuracy).toBeCloseTo(accuracy, 4)
      }
      for (const phase of isWhole(strategy) ? (['train', 'val'] as const) : (['train'] as const)) {
        expect(losses[phase]).toHaveLength(isWhole(strategy) ? expected[strategy][phase].length : steps)
        losses[phase].forEach((loss, step) => {
          expect(Math.abs(loss - expected[strategy][phase][step]!), `${phase} ${step}`).toBeLessThan(1e-3)
        })
      }
      // They are of after the epoch.
      if (!isWhole(strategy)) return
      const state = model.stateDict()
      for (const [name, statistics] of Object.entries(expected[strategy].buffers)) {
        const ours = state.get(name)!.data
        const largest = Math.max(...statistics.map(Math.abs))
        statistics.forEach((value, channel) => {
          expect(Math.abs(Number(ours[channel]) - value) / largest, `${name} ${channel}`).toBeLessThan(1e-3)
        })
      }
    },
    300_000,
  )
})
