import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { generateShapes } from '../../examples/shapes/generate.ts'
import {
  recipe,
  smallNetwork,
  untrainedSmallNetwork,
  view,
  weightsPath,
} from '../../examples/shapes/small-network.ts'
import { antsAndBees, garden, type Subjects } from '../../examples/shapes/subjects.ts'
import {
  DataLoader,
  Generator,
  ImageFolder,
  TrainingSession,
  type models,
  nn,
  optim,
  readSafetensors,
  trainModel,
  transforms as T,
} from '../../src/index.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'small-network-'))
})
afterAll(() => rm(root, { recursive: true }))

const transform = new T.Compose([
  new T.Resize(view.resized),
  new T.CenterCrop(view.size),
  new T.ToTensor(),
  new T.Normalize(view.mean, view.std),
])

/** A generated data set with a seed that neither the weights nor the example were made with. */
async function draw(name: string, subjects: Subjects, trainPerClass: number, valPerClass: number) {
  const directory = join(root, name)
  await generateShapes({ directory, subjects, seed: 1234, trainPerClass, valPerClass })
  const open = (split: string) => ImageFolder.open(join(directory, split), { transform })
  return { train: await open('train'), val: await open('val') }
}

describe('the committed weights', () => {
  it('are of a network that knows the garden, but neither ants nor bees', async () => {
    const { metadata, tensors } = await readSafetensors(weightsPath)
    expect(metadata.classes).toBe(Object.keys(garden).join(','))
    expect(tensors.get('fc.weight')!.shape).toEqual([13, 128])
    const { val } = await draw('garden', garden, 1, 10)
    // Guessing is right once in thirteen.
    expect(await accuracyOf(await smallNetwork(), val)).toBeGreaterThan(0.6)
  })

  it('take less than 2 MB', async () => {
    expect((await stat(weightsPath)).size).toBeLessThan(2e6)
  })

  it('load strictly, into a fresh network at each call', async () => {
    const [first, second] = [await smallNetwork(), await smallNetwork()]
    expect(first.loadStateDict(second.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] })
    first.fc = new nn.Linear(first.fc.inFeatures, 2)
    expect(second.fc.outFeatures).toBe(13)
  })

  it('make two epochs on few pictures worth far more than from scratch, whichever strategy', async () => {
    const data = await draw('few', antsAndBees, 40, 40)
    const scratch = await fineTuned(untrainedSmallNetwork(13), data, true)
    const whole = await fineTuned(await smallNetwork(), data, true)
    const head = await fineTuned(await smallNetwork(), data, false)
    expect(whole).toBeGreaterThan(0.8)
    expect(head).toBeGreaterThan(0.8)
    expect(Math.min(whole, head) - scratch).toBeGreaterThan(0.1)
  })
})

type Data = Readonly<Record<'train' | 'val', ImageFolder>>

/** Best validation accuracy of the recipe in two epochs, of the whole network or of `fc` alone. */
async function fineTuned(model: models.ResNet, { train, val }: Data, whole: boolean): Promise<number> {
  const { batchSize, lr, momentum } = recipe
  const dataloaders = {
    train: new DataLoader(train, { batchSize, shuffle: true }),
    val: new DataLoader(val, { batchSize: 16 }),
  }
  model.requiresGrad_(whole)
  model.fc = new nn.Linear(model.fc.inFeatures, 2, { generator: new Generator(5) })
  const optimizer = new optim.SGD(model.parameters(), { lr, momentum })
  const criterion = new nn.CrossEntropyLoss()
  const options = { dataloaders, criterion, optimizer, numEpochs: 2, device: 'cpu', progress: false } as const
  return (await trainModel(model, options)).bestAccuracy
}

async function accuracyOf(model: models.ResNet, dataset: ImageFolder): Promise<number> {
  const optimizer = new optim.SGD(model.parameters(), { lr: 0 })
  const criterion = new nn.CrossEntropyLoss()
  const session = await TrainingSession.create(model, { criterion, optimizer, device: 'cpu' })
  let right = 0
  for await (const { inputs, labels } of new DataLoader(dataset, { batchSize: 16 })) {
    const logits = (await session.predict(inputs)).toList() as number[][]
    right += logits.filter((row, index) => row.indexOf(Math.max(...row)) === labels.data[index]).length
  }
  await session.close()
  return right / dataset.length
}
