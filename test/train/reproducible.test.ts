import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { generateShapes } from '../../examples/shapes/generate.ts'
import {
  DataLoader,
  Generator,
  ImageFolder,
  models,
  nn,
  optim,
  train,
  transforms as T,
} from '../../src/index.ts'

let directory: string
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'reproducible-'))
  await generateShapes({ directory, trainPerClass: 7, valPerClass: 2, size: 64 })
})
afterAll(() => {
  rmSync(directory, { recursive: true })
})

/** Every batch's loss of two epochs, with random crops, a shuffled order and Dropout. */
async function losses(numWorkers: number, seed: number): Promise<number[]> {
  const generator = new Generator(seed)
  const transform = new T.Compose([
    new T.RandomResizedCrop(32),
    new T.RandomHorizontalFlip(),
    new T.ColorJitter({ brightness: 0.2, hue: 0.1 }),
    new T.ToTensor(),
  ])
  const loader = async (part: string) =>
    new DataLoader(await ImageFolder.open(join(directory, part), { transform }), {
      batchSize: 4,
      shuffle: true,
      numWorkers,
      generator: generator.split(),
    })
  await using trainLoader = await loader('train')
  await using valLoader = await loader('val')
  const architecture = { block: models.BasicBlock, layers: [1, 1, 1, 1], width: 8 } as const
  const model = new models.ResNet(architecture, { generator: generator.split() })
  model.fc = new nn.Sequential(new nn.Dropout(0.5), new nn.Linear(64, 2, { generator: generator.split() }))
  const found: number[] = []
  const events = train(model, {
    dataloaders: { train: trainLoader, val: valLoader },
    criterion: new nn.CrossEntropyLoss(),
    optimizer: new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 }),
    numEpochs: 2,
    generator: generator.split(),
  })
  for await (const event of events) if (event.type === 'batch') found.push(event.loss)
  return found
}

it('gives the same losses bit for bit with the same seed, however many workers load the pictures', async () => {
  const inline = await losses(0, 5)
  expect(inline).toHaveLength(2 * (4 + 1))
  expect(await losses(1, 5)).toEqual(inline)
  expect(await losses(2, 5)).toEqual(inline)
  expect(await losses(2, 6)).not.toEqual(inline)
}, 180_000)
