import { describe, expect, it } from 'vitest'

import { FileFormatError, Generator, Tensor } from '../../src/index.ts'
import type { CheckpointContent } from '../../src/train/checkpoint-content.ts'
import { CheckpointFolder } from '../../src/train/checkpoint-folder.ts'
import type { CheckpointStore } from '../../src/train/checkpoint-store.ts'

class Crash extends Error {}

type Files = Map<string, Uint8Array<ArrayBuffer>>

/** A folder in memory whose process dies at the given operation: a file is written half under another name, then whole, then has its name. */
function memoryStore(files: Files, operations = Infinity): CheckpointStore {
  let left = operations
  const operate = (work: () => void) => {
    if (left-- <= 0) throw new Crash()
    work()
  }
  return {
    path: (name) => `run/${name}`,
    list: () => Promise.resolve([...files.keys()].sort()),
    read: (name) => Promise.resolve(files.get(name)!),
    write: async (name, content) => {
      const bytes = await whole(content)
      const temporary = `${name}.1-0.tmp`
      operate(() => files.set(temporary, bytes.slice(0, bytes.length / 2)))
      operate(() => files.set(temporary, bytes))
      operate(() => {
        files.set(name, bytes)
        files.delete(temporary)
      })
    },
    remove: (name) => {
      operate(() => files.delete(name))
      return Promise.resolve()
    },
  }
}

async function whole(content: string | AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof content === 'string') return new TextEncoder().encode(content)
  const pieces: number[] = []
  for await (const piece of content) pieces.push(...piece)
  return Uint8Array.from(pieces)
}

/** A checkpoint of a run of two steps an epoch; the epochs' accuracies are 0.5, 0.9, 0.7, 0.6 … */
function contentAt(step: number): CheckpointContent {
  const epoch = Math.floor(step / 2)
  const accuracies = [0.5, 0.9, 0.7, 0.6, 0.8]
  const history = Array.from({ length: epoch }, (_, index) => {
    const metrics = { loss: 1, accuracy: accuracies[index]! }
    return { epoch: index, train: metrics, val: metrics, learningRates: [0.1], seconds: 1 }
  })
  const order = new Generator().state()
  const running = { loss: 1, correct: NaN, samples: 2 }
  return {
    library: 'test',
    run: { frozen: [], optimizer: 'SGD', data: {} },
    loop: {
      epoch,
      step,
      history,
      generators: {},
      open: step % 2 === 0 ? undefined : { batch: 1, learningRates: [0.1], running, seconds: 1, order },
    },
    optimizer: {
      state: { 0: { step, momentum_buffer: Tensor.full([2], step) } },
      paramGroups: [{ params: [0] }],
    },
    model: new Map([['weight', Tensor.full([2], step)]]),
  }
}

const policy = { everySteps: 1, everyEpochs: 1, keepLast: 2, keepBest: 1 }
const steps = [1, 2, 3, 4, 5, 6, 7, 8]

async function writeAll(store: CheckpointStore): Promise<{ files: string[]; done: number }> {
  let done = 0
  const folder = await CheckpointFolder.open(store)
  try {
    for (const step of steps) {
      await folder.write(contentAt(step), policy)
      done = step
    }
  } catch (error) {
    if (!(error instanceof Crash)) throw error
  }
  return { files: await store.list(), done }
}

/** The newest, and what was said about those that are damaged. */
async function newestIn(files: Files) {
  const warnings: string[] = []
  const folder = await CheckpointFolder.open(memoryStore(files))
  const checkpoint = await folder.newest((message) => warnings.push(message))
  return { folder, checkpoint, warnings }
}

describe('a folder of checkpoints', () => {
  it('keeps the newest and the best, and nothing else', async () => {
    const { files } = await writeAll(memoryStore(new Map()))
    expect(files).toEqual([
      'checkpoint-000004-epoch-2-step-4.safetensors',
      'checkpoint-000007-epoch-3-step-7.safetensors',
      'checkpoint-000008-epoch-4-step-8.safetensors',
      'manifest.json',
    ])
  })

  it('tells in its manifest what is there', async () => {
    const files: Files = new Map()
    await writeAll(memoryStore(files))
    const manifest = JSON.parse(new TextDecoder().decode(files.get('manifest.json'))) as {
      checkpoints: { file: string; sha256: string; metrics?: { val: { accuracy: number } } }[]
    }
    const { checkpoint } = await newestIn(files)
    expect(manifest.checkpoints.map(({ file }) => file)).toEqual(
      [...files.keys()].filter((name) => name !== 'manifest.json').sort(),
    )
    expect(manifest.checkpoints.map(({ metrics }) => metrics?.val.accuracy)).toEqual([0.9, undefined, 0.6])
    expect(manifest.checkpoints.at(-1)!.sha256).toBe(checkpoint!.sha256)
  })

  it('can be resumed from whenever the process dies, and goes on', async () => {
    for (let operations = 0; ; operations++) {
      const files: Files = new Map()
      const { done } = await writeAll(memoryStore(files, operations))
      const { folder, checkpoint, warnings } = await newestIn(files)
      expect(warnings, `after ${operations} operations`).toEqual([])
      // The one that was being written may be there already.
      expect([done, done + 1]).toContain(checkpoint?.loop.step ?? 0)
      await folder.removeLeftovers()
      await folder.write(contentAt(9), policy)
      expect((await newestIn(files)).checkpoint?.loop.step).toBe(9)
      expect([...files.keys()].filter((name) => name.endsWith('.tmp'))).toEqual([])
      if (done === steps.at(-1)) return
    }
  })

  it('gives back what it was given, bit for bit', async () => {
    const files: Files = new Map()
    const content = { ...contentAt(3), best: new Map([['weight', Tensor.from([-0, NaN])]]) }
    await (await CheckpointFolder.open(memoryStore(files))).write(content, policy)
    const { checkpoint } = await newestIn(files)
    expect(checkpoint).toEqual({ ...content, source: checkpoint!.source, sha256: checkpoint!.sha256 })
  })

  it.each(['lost', 'cut off', 'of another time'])('needs no manifest: it may be %s', async (state) => {
    const files: Files = new Map()
    await writeAll(memoryStore(files))
    const manifest = files.get('manifest.json')!
    if (state === 'lost') files.delete('manifest.json')
    if (state === 'cut off') files.set('manifest.json', manifest.slice(0, 100))
    if (state === 'of another time') files.delete('checkpoint-000008-epoch-4-step-8.safetensors')
    const { folder, checkpoint, warnings } = await newestIn(files)
    expect(checkpoint?.loop.step).toBe(state === 'of another time' ? 7 : 8)
    expect(warnings).toEqual([])
    await folder.write(contentAt(9), policy)
    expect((await newestIn(files)).checkpoint?.loop.step).toBe(9)
  })

  it('names what is damaged and uses the one before it', async () => {
    const files: Files = new Map()
    await writeAll(memoryStore(files))
    const newest = 'checkpoint-000008-epoch-4-step-8.safetensors'
    const bytes = files.get(newest)!
    for (const at of [0, 8, 100, bytes.length - 33, bytes.length - 1]) {
      files.set(newest, bytes.with(at, bytes[at]! ^ 1))
      const { checkpoint, warnings } = await newestIn(files)
      expect(checkpoint?.loop.step).toBe(7)
      expect(warnings).toHaveLength(1)
      expect(warnings[0]).toMatch(`run/${newest} is damaged: its hash`)
      expect(warnings[0]).toMatch('The checkpoint before it is used.')
    }
  })

  it('says that all are damaged, and does not start anew', async () => {
    const files: Files = new Map()
    await writeAll(memoryStore(files))
    for (const [name, bytes] of files) files.set(name, bytes.slice(0, -1))
    await expect(newestIn(files)).rejects.toThrow(FileFormatError)
    await expect(newestIn(files)).rejects.toThrow('there is no whole checkpoint in run/')
  })
})
