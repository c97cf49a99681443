import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ArgumentError, DataError } from '../../src/core/errors.ts'
import { Generator } from '../../src/core/generator.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { BatchSampler } from '../../src/data/batch-sampler.ts'
import { DataLoader } from '../../src/data/data-loader.ts'
import type { DataLoaderOptions } from '../../src/data/loader-options.ts'
import { SequentialSampler } from '../../src/data/sampler.ts'
import { TensorDataset } from '../../src/data/tensor-dataset.ts'
import { gather, handled, labelsOf } from './support.ts'

const ten = new TensorDataset(
  Tensor.from(Array.from({ length: 10 }, (_, index) => [index, -index])),
  Tensor.from(
    Array.from({ length: 10 }, (_, index) => index),
    'int32',
  ),
)

describe('DataLoader', () => {
  it('gives batches in order, the last one smaller', async () => {
    const loader = new DataLoader(ten, { batchSize: 4 })
    const batches = await gather(loader)
    expect(loader.length).toBe(3)
    expect(labelsOf(batches)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ])
    expect(batches[2]!.inputs.toList()).toEqual([
      [8, -8],
      [9, -9],
    ])
    expect(batches[2]!.labels.dtype).toBe('int32')
  })

  it('gives single samples by default', async () => {
    const [first] = await gather(new DataLoader(ten))
    expect(first!.inputs.shape).toEqual([1, 2])
  })

  it('leaves out the last, smaller batch with dropLast', async () => {
    const loader = new DataLoader(ten, { batchSize: 4, dropLast: true })
    expect(loader.length).toBe(2)
    expect(await gather(loader)).toHaveLength(2)
  })

  it('has as many batches as PyTorch, each sample once', async () => {
    const argument = fc.record({
      size: fc.integer({ min: 1, max: 30 }),
      batchSize: fc.integer({ min: 1, max: 12 }),
      dropLast: fc.boolean(),
      shuffle: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(argument, async ({ size, ...options }) => {
        const dataset = new TensorDataset(Tensor.zeros([size]), Tensor.from([...Array(size).keys()], 'int32'))
        const loader = new DataLoader(dataset, options)
        const batches = labelsOf(await gather(loader)) as number[][]
        const whole = Math.floor(size / options.batchSize)
        const rest = options.dropLast ? 0 : size % options.batchSize
        expect(batches).toHaveLength(loader.length)
        expect(batches.map((batch) => batch.length)).toEqual([
          ...Array<number>(whole).fill(options.batchSize),
          ...(rest > 0 ? [rest] : []),
        ])
        const seen = new Set(batches.flat())
        expect(seen.size).toBe(whole * options.batchSize + rest)
      }),
      { numRuns: 50 },
    )
  })

  it('shuffles anew each epoch, and again alike from the same seed', async () => {
    const open = () => new DataLoader(ten, { batchSize: 10, shuffle: true, generator: new Generator(3) })
    const loader = open()
    const first = labelsOf(await gather(loader))
    const second = labelsOf(await gather(loader))
    expect(first).not.toEqual(second)
    const again = open()
    expect(labelsOf(await gather(again))).toEqual(first)
    expect(labelsOf(await gather(again))).toEqual(second)
  })

  it('resumes an epoch in its middle from the generator state and the batches consumed', async () => {
    const loader = new DataLoader(handled(10), { batchSize: 3, shuffle: true })
    const epoch = new Generator(5)
    const whole = await gather(loader.epoch(epoch))
    const state = JSON.parse(JSON.stringify(epoch.state())) as number[]
    const rest = await gather(loader.epoch(Generator.fromState(state), 2))
    expect(rest).toHaveLength(2)
    expect(rest.map(({ inputs }) => inputs.toList())).toEqual(
      whole.slice(2).map(({ inputs }) => inputs.toList()),
    )
  })

  it('draws anew for a sample that comes twice', async () => {
    const sampler = { length: 2, indices: () => [4, 4] }
    const [batch] = await gather(new DataLoader(handled(10), { batchSize: 2, sampler }))
    const [first, second] = batch!.inputs.reshape([2, 12]).toList() as number[][]
    expect(first![0]).toBe(second![0])
    expect(first!.slice(1)).not.toEqual(second!.slice(1))
  })

  it('takes batches from a batchSampler', async () => {
    const batchSampler = { length: 2, batches: () => [[7], [1, 2]] }
    const loader = new DataLoader(ten, { batchSampler })
    expect(labelsOf(await gather(loader))).toEqual([[7], [1, 2]])
    expect(loader.length).toBe(2)
  })

  it('gives a collate of the caller the samples and their indices', async () => {
    const collate = (samples: readonly unknown[], indices: readonly number[]) => ({
      count: samples.length,
      indices,
    })
    const batches = await gather(new DataLoader(ten, { batchSize: 6, collate }))
    expect(batches).toEqual([
      { count: 6, indices: [0, 1, 2, 3, 4, 5] },
      { count: 4, indices: [6, 7, 8, 9] },
    ])
  })

  it('makes no batch before it is asked for', async () => {
    const asked: number[] = []
    const dataset = { length: 10, get: (index: number) => (asked.push(index), ten.get(index)) }
    const epoch = new DataLoader(dataset, { batchSize: 2 })[Symbol.asyncIterator]()
    await epoch.next()
    expect(asked).toEqual([0, 1])
  })

  it('names the sample that the data set could not give, and keeps its error as the cause', async () => {
    const loader = new DataLoader(handled(10, 'broken'), { batchSize: 4 })
    const error = await gather(loader).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(DataError)
    expect(error).toMatchObject({
      message: 'sample 5 could not be made: no picture in ants/5.jpg',
      cause: { name: 'ImageError', source: 'ants/5.jpg' },
    })
  })

  it('names samples whose shapes differ, and the remedy', async () => {
    const loader = new DataLoader(handled(10, 'ragged'), { batchSize: 2 })
    await expect(gather(loader)).rejects.toThrow(
      /sample 1 has an input of float32 \[3, 1, 2\], but sample 0 .* float32 \[3, 0, 2\].*Resize and CenterCrop/,
    )
  })

  it('refuses an index that the data set lacks', async () => {
    const sampler = { length: 1, indices: () => [10] }
    await expect(gather(new DataLoader(ten, { sampler }))).rejects.toThrow(
      'the data set has no sample 10: its indices are 0 to 9',
    )
  })

  it('refuses to shuffle nothing', async () => {
    const empty = { length: 0, get: () => ten.get(0) }
    await expect(gather(new DataLoader(empty, { shuffle: true }))).rejects.toThrow(DataError)
    expect(await gather(new DataLoader(empty))).toEqual([])
  })

  it('lets the event loop turn while it makes a large batch of samples that never wait', async () => {
    const busy = {
      length: 10,
      get: (index: number) => {
        for (const end = performance.now() + 10; performance.now() < end;);
        return ten.get(index)
      },
    }
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await gather(new DataLoader(busy, { batchSize: 10 }))
    clearInterval(timer)
    // Without a pause there would be none; how many the timer gets is the event loop's affair.
    expect(turns).toBeGreaterThanOrEqual(2)
  })

  const sampler = new SequentialSampler(ten)
  const batchSampler = new BatchSampler(sampler, 2, false)
  const contradictions: [string, DataLoaderOptions<unknown>][] = [
    ['a batchSize of 0', { batchSize: 0 }],
    ['a batchSize of 1.5', { batchSize: 1.5 }],
    ['numWorkers below 0', { numWorkers: -1 }],
    ['a prefetchFactor of 0', { numWorkers: 1, prefetchFactor: 0 }],
    ['a prefetchFactor without workers', { prefetchFactor: 2 }],
    ['a sampler and shuffle', { sampler, shuffle: true }],
    ['a batchSampler and batchSize', { batchSampler, batchSize: 2 }],
    ['a batchSampler and shuffle', { batchSampler, shuffle: true }],
    ['a batchSampler and dropLast', { batchSampler, dropLast: true }],
    ['a batchSampler and a sampler', { batchSampler, sampler }],
  ]
  it.each(contradictions)('refuses %s', (_, options) => {
    expect(() => new DataLoader(ten, options)).toThrow(ArgumentError)
  })
})
