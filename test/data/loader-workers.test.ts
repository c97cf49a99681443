import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'

import { AbortError, ArgumentError, DataError, ImageError, WorkerError } from '../../src/core/errors.ts'
import { Generator } from '../../src/core/generator.ts'
import { Tensor } from '../../src/core/tensor.ts'
import type { Batch } from '../../src/data/collate.ts'
import { ConcatDataset } from '../../src/data/concat-dataset.ts'
import { DataLoader } from '../../src/data/data-loader.ts'
import type { Dataset, SampleJob } from '../../src/data/dataset.ts'
import type { DataLoaderOptions } from '../../src/data/loader-options.ts'
import { gather, handled, labelsOf, local } from './support.ts'

const open: DataLoader<unknown>[] = []

function load<B = Batch>(dataset: Dataset, options: DataLoaderOptions<B>): DataLoader<B> {
  const loader = new DataLoader(dataset, options)
  open.push(loader)
  return loader
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((loader) => loader.close()))
})

/** For what is to come, however busy the machine is. */
const patience = { timeout: 20_000, interval: 10 }

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'loader-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  return join(folder, 'log')
}

const linesOf = (file: string) => readFileSync(file, 'utf8').trim().split('\n')

describe('the batches are the same with 0, 1 and 2 workers', () => {
  const options = { batchSize: 4, shuffle: true, generator: new Generator(11) }
  const start = options.generator.state()
  const inputsOf = async (dataset: Dataset, extra: object) => {
    options.generator.restore(start)
    const loader = load(dataset, { ...options, ...extra })
    const epochs = [...(await gather(loader)), ...(await gather(loader))]
    return epochs.map(({ inputs, labels }) => [inputs.toString(), inputs.toList(), labels.toList()])
  }
  const addNoise: SampleJob['finish'] = ({ input, label }, generator) => ({
    input: new Tensor(
      'float32',
      Float32Array.from(input.data as Float32Array, (x) => x + generator.random()),
      [12],
    ),
    label,
  })

  it.each<[string, Dataset]>([
    ['made in a worker', handled(21)],
    ['made in a worker and finished here', handled(21, 'noise', {}, addNoise)],
    ['made here', local(handled(21))],
    ['made partly here, partly in a worker', new ConcatDataset([handled(9), local(handled(12))])],
  ])('%s', async (_, dataset) => {
    const without = await inputsOf(dataset, {})
    expect(without).toHaveLength(12)
    expect(await inputsOf(dataset, { numWorkers: 1 })).toEqual(without)
    expect(await inputsOf(dataset, { numWorkers: 2, prefetchFactor: 3 })).toEqual(without)
  })

  it('with a collate of the caller', async () => {
    const collate = (samples: readonly { input: Tensor }[]) => samples.map(({ input }) => input.toList())
    const dataset = handled(10)
    const without = await gather(load(dataset, { batchSize: 3, collate }))
    expect(await gather(load(dataset, { batchSize: 3, collate, numWorkers: 2 }))).toEqual(without)
  })
})

describe('a loader with workers', () => {
  it('keeps the order when later batches are ready first', async () => {
    // Samples 0 to 3 wait for long, the others hardly.
    const slow = handled(4, 'slow', { sleep: 100 })
    const fast = handled(12, 'slow', { sleep: 1 })
    const loader = load(new ConcatDataset([slow, fast]), { batchSize: 2, numWorkers: 2 })
    expect(labelsOf(await gather(loader))).toEqual([
      [0, 1],
      [2, 3],
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
      [8, 9],
      [10, 11],
    ])
  })

  it('gives tensors, backed by memory of their own', async () => {
    const [first, second] = await gather(load(handled(4), { batchSize: 2, numWorkers: 1 }))
    expect(first!.inputs).toBeInstanceOf(Tensor)
    expect(first!.inputs.data.byteLength).toBe(first!.inputs.data.buffer.byteLength)
    expect(first!.labels.dtype).toBe('int32')
    expect(first!.inputs.data.buffer).not.toBe(second!.inputs.data.buffer)
  })

  it('makes no more batches ahead than numWorkers × prefetchFactor', async () => {
    const log = temporaryFile()
    const loader = load(handled(40, 'slow', { log }), { batchSize: 2, numWorkers: 1, prefetchFactor: 2 })
    const epoch = loader[Symbol.asyncIterator]()
    await epoch.next()
    await vi.waitUntil(() => linesOf(log).length >= 6, patience)
    await sleep(200)
    expect(linesOf(log)).toHaveLength(6)
    await epoch.return()
  })

  it('reads ahead a data set without jobs, one sample at a time', async () => {
    let running = 0
    let most = 0
    let begun = 0
    const dataset = {
      length: 20,
      get: async (index: number) => {
        begun++
        most = Math.max(most, ++running)
        await sleep(1)
        running--
        return { input: Tensor.zeros([1]), label: index }
      },
    }
    const epoch = load(dataset, { batchSize: 2, numWorkers: 1 })[Symbol.asyncIterator]()
    await epoch.next()
    await vi.waitUntil(() => begun >= 6, patience)
    await sleep(100)
    expect(begun).toBe(6)
    expect(most).toBe(1)
    await epoch.return()
  })

  it('throws the same error as without workers, at the same batch', async () => {
    for (const finish of [undefined, ((sample) => sample) satisfies SampleJob['finish']]) {
      const loader = load(handled(10, 'broken', {}, finish), { batchSize: 2, numWorkers: 2 })
      const seen: unknown[] = []
      const error = await failureOf(
        (async () => {
          for await (const { labels } of loader) seen.push(labels.toList())
        })(),
      )
      expect(seen).toEqual([
        [0, 1],
        [2, 3],
      ])
      expect(error).toBeInstanceOf(DataError)
      expect(error).toMatchObject({ message: 'sample 5 could not be made: no picture in ants/5.jpg' })
      const { cause } = error as Error
      expect(cause).toBeInstanceOf(ImageError)
      expect(cause).toMatchObject({ source: 'ants/5.jpg', message: 'no picture in ants/5.jpg' })
      expect((cause as Error).cause).toBeInstanceOf(RangeError)
      expect((cause as Error).stack).toContain('handlers.ts')
    }
  })

  it('names the sample that failed to be finished', async () => {
    const finish = () => {
      throw new Error('no')
    }
    const loader = load(handled(4, 'noise', {}, finish), { numWorkers: 1 })
    await expect(gather(loader)).rejects.toThrow('sample 0 could not be made: no')
  })

  it('names samples whose shapes differ', async () => {
    const loader = load(handled(10, 'ragged'), { batchSize: 2, numWorkers: 1 })
    const error = await failureOf(gather(loader))
    expect(error).toBeInstanceOf(DataError)
    expect(error).toMatchObject({ message: expect.stringMatching(/^sample 1 has an input/) as unknown })
  })

  it('says which samples a worker was making when it died, and works again afterwards', async () => {
    const exits = load(handled(10, 'exit'), { batchSize: 2, numWorkers: 2 })
    const error = await failureOf(gather(exits))
    expect(error).toBeInstanceOf(WorkerError)
    expect(error).toMatchObject({
      message: expect.stringMatching(/died while making samples 4, 5 with .*exited with code 7/) as unknown,
    })
    const [first] = await gather(exits.epoch(new Generator(), 4))
    expect(first!.labels.toList()).toEqual([8, 9])
  })

  it('reports what crashed a worker', async () => {
    const error = await failureOf(gather(load(handled(4, 'crash'), { numWorkers: 2 })))
    expect(error).toBeInstanceOf(WorkerError)
    expect(error).toMatchObject({
      message: expect.stringMatching(/samples? [01] .*out of a timer/) as unknown,
    })
  })

  it.each<[string, SampleJob, RegExp]>([
    [
      'an unknown handler',
      { handler: 'picture', payload: 0 },
      /sample 0 .*no sample handler 'picture'.*import\.meta\.url/,
    ],
    [
      'a missing export',
      { handler: `${new URL('support.ts', import.meta.url).href}#nothing`, payload: 0 },
      /no function named 'nothing'/,
    ],
  ])('refuses %s', async (_, job, message) => {
    const dataset = { ...handled(1), job: () => job }
    await expect(gather(load(dataset, { numWorkers: 1 }))).rejects.toThrow(message)
  })

  it('refuses a payload that cannot be sent, and stays usable', async () => {
    const good = handled(2)
    let job: SampleJob = { ...good.job!(0)!, payload: () => 0 }
    const loader = load({ ...good, job: () => job }, { numWorkers: 1 })
    const error = await failureOf(gather(loader))
    expect(error).toBeInstanceOf(ArgumentError)
    expect(error).toMatchObject({ message: expect.stringContaining('sample 0') as unknown })
    job = good.job!(0)!
    expect(await gather(loader)).toHaveLength(2)
  })

  it('does not block the event loop', async () => {
    const loader = load(handled(12, 'slow', { busy: 40 }), { batchSize: 4, numWorkers: 2 })
    let turns = 0
    const timer = setInterval(() => turns++, 5)
    await gather(loader)
    clearInterval(timer)
    // 480 ms of work on two workers; with the work on this thread there would be next to none.
    expect(turns).toBeGreaterThan(10)
  })

  it('runs two epochs at once', async () => {
    const loader = load(handled(20, 'slow', { sleep: 2 }), { batchSize: 3, numWorkers: 2 })
    const [first, second] = await Promise.all([gather(loader), gather(loader)])
    expect(labelsOf(first)).toEqual(labelsOf(second))
    expect(first).toHaveLength(7)
  })
})

describe('leaving an epoch early', () => {
  /** Leaves by `leave` after the first batch, and tells how many samples were begun then and 300 ms later. */
  async function begunAfter(leave: () => void): Promise<[number, number]> {
    const log = temporaryFile()
    const loader = load(handled(60, 'slow', { log, sleep: 50 }), { batchSize: 6, numWorkers: 2 })
    try {
      for await (const batch of loader) {
        expect(batch.labels.size).toBe(6)
        leave()
        break
      }
    } catch (error) {
      expect(error).toMatchObject({ message: 'mine' })
    }
    await sleep(300)
    const before = linesOf(log).length
    await sleep(300)
    return [before, linesOf(log).length]
  }

  it('stops the workers at a break', async () => {
    const [before, after] = await begunAfter(() => undefined)
    expect(after).toBe(before)
    expect(before).toBeLessThan(30)
  })

  it('stops the workers at an error of the caller', async () => {
    const [before, after] = await begunAfter(() => {
      throw new Error('mine')
    })
    expect(after).toBe(before)
  })

  it('keeps the workers for the next epoch', async () => {
    const loader = load(handled(40, 'thread'), { batchSize: 10, numWorkers: 1 })
    const threads = new Set<unknown>()
    for (let epoch = 0; epoch < 5; epoch++) {
      for await (const { labels } of loader) {
        for (const thread of labels.toList() as number[]) threads.add(thread)
        break
      }
    }
    expect(threads.size).toBe(1)
    expect(threads).not.toContain(0)
  })

  it('has finished with the data set when a break is through', async () => {
    let running = 0
    const get = async (index: number) => {
      running++
      await sleep(20)
      running--
      return { input: Tensor.zeros([1]), label: index }
    }
    for await (const batch of load({ length: 50, get }, { numWorkers: 2 })) {
      expect(batch.labels.size).toBe(1)
      break
    }
    expect(running).toBe(0)
  })

  it.each([0, 2])('rejects at once when aborted, with %i workers', async (numWorkers) => {
    const controller = new AbortController()
    // A sample takes an hour: only the signal can end this.
    const hanging = handled(4, 'slow', { sleep: 3_600_000 })
    const loader = load(numWorkers ? hanging : { length: 4, get: () => new Promise(() => undefined) }, {
      numWorkers,
      signal: controller.signal,
    })
    const outcome = failureOf(gather(loader))
    setTimeout(() => {
      controller.abort(new Error('stop'))
    }, 50)
    const error = await outcome
    expect(error).toBeInstanceOf(AbortError)
    expect(error).toMatchObject({ name: 'AbortError', cause: { message: 'stop' } })
  })

  it('does not begin when already aborted', async () => {
    const signal = AbortSignal.abort()
    await expect(gather(load(handled(4), { signal }))).rejects.toThrow(AbortError)
    await expect(gather(load(handled(4), { signal, numWorkers: 1 }))).rejects.toThrow(AbortError)
  })

  it('replaces a worker that does not stop', async () => {
    const fast = handled(4)
    const stuck = handled(4, 'slow', { sleep: 3_600_000 })
    let later = stuck
    const dataset = { ...fast, job: (index: number) => (index === 0 ? fast : later).job!(index) }
    const loader = load(dataset, { numWorkers: 1 })
    for await (const { labels } of loader) {
      expect(labels.toList()).toEqual([0])
      break
    }
    later = fast
    expect(labelsOf(await gather(loader))).toEqual([[0], [1], [2], [3]])
  })

  it('rejects a running epoch when the loader is closed', async () => {
    const loader = load(handled(4, 'slow', { sleep: 3_600_000 }), { numWorkers: 2 })
    const outcome = failureOf(gather(loader))
    await sleep(50)
    await loader.close()
    const error = await outcome
    expect(error).toBeInstanceOf(WorkerError)
    expect(error).toMatchObject({ message: expect.stringContaining('closed') as unknown })
  })
})

describe('a program that uses workers', () => {
  it.each(['an epoch to its end', 'a break', 'an epoch that is never closed', 'an error'])(
    'ends by itself after %s',
    async (ending) => {
      const program = fileURLToPath(new URL('../fixtures/data/program.ts', import.meta.url))
      // One of V8's flags too: a worker refuses those.
      const flags = ['--expose-gc', '--conditions=onnx-finetune-source', '--import', 'tsx']
      const { stdout } = await promisify(execFile)(process.execPath, [...flags, program, ending])
      expect(stdout).toBe(`ended after ${ending}\n`)
    },
  )
})
