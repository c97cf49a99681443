import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { generateShapes } from '../../examples/shapes/generate.ts'
import {
  AbortError,
  ArgumentError,
  cacheFeatures,
  collate,
  DataError,
  DataLoader,
  DTypeError,
  Generator,
  ImageFolder,
  nn,
  ops,
  optim,
  predict,
  ShapeError,
  Tensor,
  TensorDataset,
  trainModel,
  TrainingSession,
  transforms as T,
  type CacheFeaturesOptions,
  type CacheProgress,
  type Dataset,
  type TransformLike,
  type Value,
} from '../../src/index.ts'
import { gather, labelsOf } from '../data/support.ts'

/** A head that PyTorch trained on a backbone in evaluation mode: test/fixtures/feature-cache/make.py. */
interface Packed {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}
interface Fixture {
  readonly x: Packed
  readonly y: readonly number[]
  readonly start: Record<string, Packed>
  readonly features: Packed
  readonly losses: readonly number[]
  readonly head: Record<string, Packed>
}
const file = new URL('../fixtures/feature-cache/head.json', import.meta.url)
const fixture = JSON.parse(readFileSync(file, 'utf8')) as Fixture
const unpack = ({ shape, data }: Packed) => new Tensor('float32', Float32Array.from(data), shape)
const unpackAll = (state: Record<string, Packed>) =>
  new Map(Object.entries(state).map(([key, packed]) => [key, unpack(packed)]))

const engine = 'inline' as const
const pictures = new TensorDataset(unpack(fixture.x), Tensor.from([...fixture.y], 'int32'))
const criterion = new nn.CrossEntropyLoss()

/** The fixture's network, frozen but for its head, '5'. */
function network() {
  const head = new nn.Sequential(new nn.Linear(8, 6), new nn.ReLU(), new nn.Linear(6, 3))
  const model = new nn.Sequential(
    new nn.Conv2d(3, 8, 3),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    new nn.AdaptiveAvgPool2d(1),
    new nn.Flatten(),
    head,
  )
  model.loadStateDict(unpackAll(fixture.start))
  model.requiresGrad_(false)
  head.requiresGrad_()
  return { model, head }
}

const childNames = (model: nn.Module) => [...model.namedChildren()].map(([name]) => name)

/** The features that a cached loader has, in the order of its data set. */
function featuresOf({ dataset }: DataLoader): TensorDataset {
  if (dataset instanceof TensorDataset) return dataset
  throw new Error('cached features lie in a TensorDataset')
}

function expectClose(found: ArrayLike<unknown>, expected: ArrayLike<unknown>): void {
  expect(found).toHaveLength(expected.length)
  Array.from(expected).forEach((value, index) => {
    expect(Math.abs(Number(found[index]) - Number(value))).toBeLessThan(1e-6)
  })
}

const inputsOf = async (loader: DataLoader) => (await gather(loader)).map(({ inputs }) => inputs.toList())

describe('the features', () => {
  it("are PyTorch's, whatever the loader's order is", async () => {
    const shuffled = new DataLoader(pictures, { batchSize: 3, shuffle: true })
    const cached = await cacheFeatures(network().model, '5', shuffled, { engine, batchSize: 4 })
    const { inputs, labels } = featuresOf(cached)
    expect(inputs.shape).toEqual([10, 8])
    expectClose(inputs.data, fixture.features.data)
    expect(labels.toList()).toEqual(fixture.y)
  })

  it('come in the batches in which the pictures would have come', async () => {
    const start = new Generator(3).state()
    const loader = (data: Dataset) =>
      new DataLoader(data, {
        batchSize: 4,
        shuffle: true,
        dropLast: true,
        generator: Generator.fromState(start),
      })
    const given = { train: loader(pictures), val: new DataLoader(pictures, { batchSize: 6 }) }
    const cached = await cacheFeatures(network().model, '5', given, { engine })
    expect(Object.keys(cached)).toEqual(['train', 'val'])
    expect(cached.val.length).toBe(2)
    const twoEpochs = async (source: DataLoader) => [...(await gather(source)), ...(await gather(source))]
    expect(labelsOf(await twoEpochs(cached.train))).toEqual(labelsOf(await twoEpochs(loader(pictures))))
  })

  it('are of any shape, and so are targets', async () => {
    const model = new nn.Sequential(new nn.Conv2d(3, 2, 3), new nn.Conv2d(2, 1, 3))
    new Map(model.namedChildren()).get('0')!.requiresGrad_(false)
    const data = new TensorDataset(pictures.inputs, Tensor.zeros([10, 1, 2, 2]))
    const cached = await cacheFeatures(model, '1', new DataLoader(data), { engine, batchSize: 3 })
    const { inputs, labels } = featuresOf(cached)
    expect([inputs.shape, labels.dtype, labels.shape]).toEqual([[10, 2, 4, 4], 'float32', [10, 1, 2, 2]])
  })

  it('are what the last layer within a part gets, where that is the head', async () => {
    const { model, head } = network()
    const names = new Map(head.namedChildren())
    names.get('0')!.requiresGrad_(false)
    const cached = await cacheFeatures(model, '5.2', new DataLoader(pictures), { engine })
    const { inputs } = featuresOf(cached)
    const logits = await predict(names.get('2')!, inputs, { engine })
    expect(inputs.shape).toEqual([10, 6])
    expectClose(logits.data, (await predict(head, unpack(fixture.features), { engine })).data)
  })

  it('leave the model as it was', async () => {
    const { model, head } = network()
    const before = model.stateDict()
    await cacheFeatures(model, '5', new DataLoader(pictures), { engine })
    expect(new Map(model.namedChildren()).get('5')).toBe(head)
    expect([childNames(model), model.stateDict(), model.training]).toEqual([
      ['0', '1', '2', '3', '4', '5'],
      before,
      true,
    ])
  })

  it('are counted while they are made', async () => {
    const seen: CacheProgress[] = []
    const onProgress = (progress: CacheProgress) => seen.push(progress)
    await cacheFeatures(
      network().model,
      '5',
      { val: new DataLoader(pictures) },
      { engine, batchSize: 4, onProgress },
    )
    expect(seen).toEqual([4, 8, 10].map((done) => ({ phase: 'val', done, total: 10 })))
  })

  it('are not made any more once the signal aborts, and the head is back', async () => {
    const controller = new AbortController()
    const { model, head } = network()
    const seen: number[] = []
    const onProgress = ({ done }: CacheProgress) => {
      seen.push(done)
      controller.abort()
    }
    const options = { engine, batchSize: 4, onProgress, signal: controller.signal }
    await expect(cacheFeatures(model, '5', new DataLoader(pictures), options)).rejects.toThrow(AbortError)
    expect(seen).toEqual([4])
    expect(new Map(model.namedChildren()).get('5')).toBe(head)
  })
})

describe('a head that is trained on features', () => {
  const options = (head: nn.Module) => ({
    criterion,
    optimizer: new optim.SGD(head.parameters(), { lr: 0.1, momentum: 0.9 }),
    engine,
  })

  it("has PyTorch's losses and weights, and is the model's", async () => {
    const { model, head } = network()
    const train = await cacheFeatures(model, '5', new DataLoader(pictures, { batchSize: 4 }), { engine })
    const losses: number[] = []
    await using session = await TrainingSession.create(head, options(head))
    for (let epoch = 0; epoch < 3; epoch++) {
      for await (const { inputs, labels } of train)
        losses.push((await session.trainStep(inputs, labels)).loss)
    }
    await session.pull()
    expectClose(losses, fixture.losses)
    const state = model.stateDict()
    for (const [key, { data }] of unpackAll(fixture.head)) expectClose(state.get(key)!.data, data)
  })

  it('trains as the whole model does with its backbone in evaluation mode', async () => {
    const loader = () =>
      new DataLoader(pictures, { batchSize: 4, shuffle: true, generator: new Generator(5) })
    const losses = async (module: nn.Module, head: nn.Module, source: DataLoader) => {
      await using session = await TrainingSession.create(module, options(head))
      const found: number[] = []
      for await (const { inputs, labels } of source)
        found.push((await session.trainStep(inputs, labels)).loss)
      return found
    }
    const whole = network()
    whole.model.eval()
    whole.head.train()
    const expected = await losses(whole.model, whole.head, loader())
    const { model, head } = network()
    const found = await losses(head, head, await cacheFeatures(model, '5', loader(), { engine }))
    expectClose(found, expected)
  })

  it('gives the model its answers to pictures at once, trained by trainModel', async () => {
    const { model, head } = network()
    const loader = new DataLoader(pictures, { batchSize: 4 })
    const features = await cacheFeatures(model, '5', { train: loader }, { engine })
    const { history } = await trainModel(head, {
      dataloaders: features,
      ...options(head),
      numEpochs: 4,
      progress: false,
    })
    const best = Math.min(...history.map(({ train }) => train.loss))
    expect(best).toBeLessThan(history[0]!.train.loss)
    const ofPictures = await predict(model, pictures.inputs, { engine })
    const ofFeatures = await predict(head, unpack(fixture.features), { engine })
    expectClose(ofPictures.data, ofFeatures.data)
  })
})

describe('what can not be cached', () => {
  const refusal = (
    model: nn.Module,
    head: string,
    loaders: DataLoader | Record<string, DataLoader> = new DataLoader(pictures),
    options: CacheFeaturesOptions = {},
  ) =>
    cacheFeatures(model, head, loaders, { engine, ...options }).then(
      () => undefined,
      (error: unknown) => error as Error,
    )

  it('is a head that is not there', async () => {
    const { model } = network()
    expect(await refusal(model, 'fc')).toEqual(
      new ArgumentError("the model has no module 'fc': Sequential has 0, 1, 2, 3, 4, 5"),
    )
    expect(await refusal(model, '5.fc.weight')).toEqual(
      new ArgumentError("the model has no module '5.fc.weight': Sequential has 0, 1, 2"),
    )
    expect((await refusal(model, '5.0.weight'))?.message).toContain('Linear has none below it')
    expect(await refusal(model, '')).toBeInstanceOf(ArgumentError)
  })

  it('is a head that is not the last to be called, with the model left as it was', async () => {
    const { model } = network()
    const before = new Map(model.namedChildren())
    model.requiresGrad_(false)
    const error = await refusal(model, '3')
    expect(error).toBeInstanceOf(ArgumentError)
    expect(error?.message).toMatch(
      /'3' can't be the head of this model: the forward pass goes on after it.*last/,
    )
    expect(new Map(model.namedChildren())).toEqual(before)
  })

  it('is a head that is called twice, or never', async () => {
    class Twice extends nn.Module {
      readonly body = new nn.Linear(3, 3).requiresGrad_(false)
      readonly fc = new nn.Linear(3, 3)
      readonly spare = new nn.Linear(3, 3).requiresGrad_(false)

      forward(x: Value): Value {
        const y = this.body.call(x)
        return ops.add(this.fc.call(y), this.fc.call(y))
      }
    }
    const loader = new DataLoader(new TensorDataset(Tensor.zeros([2, 3]), Tensor.zeros([2], 'int32')))
    expect((await refusal(new Twice(), 'fc', loader))?.message).toContain('calls it 2 times')
    const model = new Twice()
    model.fc.requiresGrad_(false)
    expect((await refusal(model, 'spare', loader))?.message).toContain('calls it 0 times')
  })

  it('is a model that is nothing but its head', async () => {
    const loader = new DataLoader(new TensorDataset(Tensor.zeros([2, 3]), Tensor.zeros([2], 'int32')))
    const error = await refusal(new nn.Sequential(new nn.Linear(3, 2)), '0', loader)
    expect(error).toBeInstanceOf(ArgumentError)
    expect(error?.message).toContain('nothing is computed before it')
  })

  it('is a head that does not take the features, which is found at the first batch', async () => {
    const { model } = network()
    Object.assign(model, { 5: new nn.Linear(9, 3) })
    const seen: CacheProgress[] = []
    const onProgress = (progress: CacheProgress) => seen.push(progress)
    const error = await refusal(model, '5', undefined, { onProgress })
    expect([error?.constructor, seen]).toEqual([ShapeError, []])
  })

  it('is a backbone that would be trained', async () => {
    const { model } = network()
    model.requiresGrad_()
    const error = await refusal(model, '5')
    expect(error).toBeInstanceOf(ArgumentError)
    expect(error?.message).toMatch(
      /4 parameters outside of '5' would be trained, 0\.weight first.*requiresGrad_\(false\)/,
    )
  })

  it('is a sample that draws random numbers, even where only one does', async () => {
    const { inputs, labels } = pictures
    const random: Dataset = {
      length: 10,
      get: (index, generator) => {
        if (index === 7) generator.random()
        return new TensorDataset(inputs, labels).get(index)
      },
    }
    const loaders = { train: new DataLoader(random), val: new DataLoader(pictures) }
    const error = await refusal(network().model, '5', loaders, { batchSize: 2 })
    expect(error).toBeInstanceOf(ArgumentError)
    expect(error?.message).toMatch(/sample 7 of the train data draws random numbers.*CenterCrop/)
  })

  it('is what an empty loader has, and what a collate of its own makes', async () => {
    const { model } = network()
    const empty = new DataLoader(pictures, { batchSize: 11, dropLast: true })
    expect(await refusal(model, '5', { val: empty })).toBeInstanceOf(DataError)
    const collating = new DataLoader(pictures, { collate })
    expect((await refusal(model, '5', { val: collating }))?.message).toContain('the val loader has a collate')
    const own = { length: 1 } as unknown as DataLoader
    expect((await refusal(model, '5', { val: own }))?.message).toContain('val is no DataLoader')
  })

  it('is a picture without ToTensor', async () => {
    const bytes = new TensorDataset(Tensor.zeros([2, 6, 6, 3], 'uint8'), Tensor.zeros([2], 'int32'))
    expect(await refusal(network().model, '5', new DataLoader(bytes))).toBeInstanceOf(DTypeError)
  })
})

describe('with pictures that workers read', () => {
  let folder: string
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'features-'))
    await generateShapes({ directory: folder, trainPerClass: 3, valPerClass: 1, size: 32 })
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  const load = async (numWorkers: number, ...more: TransformLike[]) => {
    const transform = new T.Compose([...more, new T.ToTensor()])
    return new DataLoader(await ImageFolder.open(join(folder, 'train'), { transform }), { numWorkers })
  }

  it('gives the same features', async () => {
    const { model } = network()
    const alone = await cacheFeatures(model, '5', await load(0), { engine })
    const [helped, finished] = [await load(1), await load(1, new T.Lambda((input) => input))]
    expect(await inputsOf(await cacheFeatures(model, '5', helped, { engine }))).toEqual(await inputsOf(alone))
    expect(await inputsOf(await cacheFeatures(model, '5', finished, { engine }))).toEqual(
      await inputsOf(alone),
    )
  })

  it('refuses what draws there', async () => {
    const random = await load(1, new T.RandomHorizontalFlip())
    const work = cacheFeatures(network().model, '5', { train: random }, { engine })
    await expect(work).rejects.toThrow(/sample 0 of the train data draws random numbers/)
  })
})
