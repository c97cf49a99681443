import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { beforeAll, describe, expect, it } from 'vitest'

import {
  AbortError,
  ArgumentError,
  FileFormatError,
  optim,
  readSafetensors,
  StateDictError,
  type Tensor,
  type TrainEvent,
  type TrainModelOptions,
} from '../../src/index.ts'
import { version } from '../../src/core/version.ts'
import { abortAt, endOf, statefulRun, temporaryFolder, type Setup } from './checkpoint-support.ts'

let expected: Awaited<ReturnType<typeof endOf>>['end']
beforeAll(async () => {
  expected = (await endOf(statefulRun())).end
})

/** A folder with the checkpoints of a run that was aborted in its third epoch. */
async function aborted(extra: Partial<TrainModelOptions['checkpoint']> = {}): Promise<string> {
  const directory = await temporaryFolder()
  const stop = abortAt((event) => event.type === 'batch' && event.epoch === 2 && event.batch === 2)
  const run = endOf(statefulRun(), { checkpoint: { directory, ...extra }, ...stop })
  await expect(run).rejects.toThrow(AbortError)
  return directory
}

const checkpointsIn = async (directory: string) =>
  (await readdir(directory)).filter((name) => name.endsWith('.safetensors'))

const warningsOf = (events: readonly TrainEvent[]) =>
  events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))

describe('resume', () => {
  it('tells where the run goes on, and gives the whole history', async () => {
    const directory = await aborted()
    const { end, events } = await endOf(statefulRun(), { checkpoint: { directory }, resume: true })
    expect(end).toEqual(expected)
    const [start] = events
    expect(start).toMatchObject({ type: 'start', resumed: { epoch: 2, step: 15 } })
    expect(events[1]).toMatchObject({ type: 'batch', epoch: 2, phase: 'train', batch: 3 })
  })

  it('takes the path of a checkpoint or of a folder, and need not save', async () => {
    const directory = await aborted({ keepLast: Infinity })
    const names = await checkpointsIn(directory)
    expect(names).toHaveLength(3)
    for (const path of [directory, ...names.map((name) => join(directory, name))]) {
      expect((await endOf(statefulRun(), { resume: path })).end, path).toEqual(expected)
    }
    expect(await checkpointsIn(directory)).toEqual(names)
  })

  it('starts anew in an empty folder', async () => {
    const directory = join(await temporaryFolder(), 'made', 'now')
    const { end, events } = await endOf(statefulRun(), { checkpoint: { directory }, resume: true })
    expect(end).toEqual(expected)
    expect(events[0]).not.toHaveProperty('resumed')
  })

  it('gives a finished run back, and trains it for more epochs', async () => {
    const directory = await temporaryFolder()
    await endOf(statefulRun(), { checkpoint: { directory, everyEpochs: 3 } })
    const again = await endOf(statefulRun(), { checkpoint: { directory }, resume: true })
    expect(again.end).toEqual(expected)
    expect(again.events.map(({ type }) => type)).toEqual(['start'])
    const more = await endOf(statefulRun(), { checkpoint: { directory }, resume: true, numEpochs: 6 })
    expect(more.end).toEqual((await endOf(statefulRun(), { numEpochs: 6 })).end)
  })

  it('uses the checkpoint before a damaged one, and warns', async () => {
    const directory = await aborted({ everySteps: 2 })
    const newest = join(directory, (await checkpointsIn(directory)).at(-1)!)
    const bytes = await readFile(newest)
    bytes[1000]! ^= 4
    await writeFile(newest, bytes)
    const { end, events } = await endOf(statefulRun(), { checkpoint: { directory }, resume: true })
    expect(end).toEqual(expected)
    expect(warningsOf(events)).toEqual([expect.stringContaining(`${newest} is damaged`)])
    await writeFile(newest, bytes)
    await expect(endOf(statefulRun(), { resume: newest })).rejects.toThrow(FileFormatError)
  })
})

describe('checkpoints', () => {
  it('come as often as asked for, and at the end of the last epoch', async () => {
    const directory = await temporaryFolder()
    const checkpoint = { directory, everySteps: 4, everyEpochs: 3, keepLast: Infinity }
    const { events, end } = await endOf(statefulRun(), { checkpoint })
    expect(end).toEqual(expected)
    const told = events.flatMap((event) => (event.type === 'checkpoint' ? [event] : []))
    // Six steps an epoch.
    const places = [
      [0, 4],
      [1, 8],
      [1, 12],
      [2, 16],
      [3, 18],
      [3, 20],
      [3, 24],
      [4, 24],
    ]
    expect(told.map(({ epoch, step }) => [epoch, step])).toEqual(places)
    expect(told.map(({ path }) => path)).toEqual(
      (await checkpointsIn(directory)).map((name) => join(directory, name)),
    )
  })

  it('save nothing after an abort where nothing was done since the last', async () => {
    const directory = await temporaryFolder()
    const stop = abortAt(({ type }) => type === 'epoch')
    await expect(endOf(statefulRun(), { checkpoint: { directory }, ...stop })).rejects.toThrow(AbortError)
    expect(await checkpointsIn(directory)).toEqual(['checkpoint-000001-epoch-1-step-6.safetensors'])
    const controller = new AbortController()
    controller.abort()
    const empty = await temporaryFolder()
    const never = endOf(statefulRun(), { checkpoint: { directory: empty }, signal: controller.signal })
    await expect(never).rejects.toThrow(AbortError)
    expect(await readdir(empty)).toEqual([])
  })

  it('are .safetensors files that other programs read', async () => {
    const directory = await temporaryFolder()
    await endOf(statefulRun(), { checkpoint: { directory } })
    const { tensors, metadata } = await readSafetensors(
      join(directory, (await checkpointsIn(directory)).at(-1)!),
    )
    const model = new Map<string, Tensor>(
      [...tensors].flatMap(([name, tensor]) => (name.startsWith('model.') ? [[name.slice(6), tensor]] : [])),
    )
    expect([...model.keys()].sort()).toEqual([...expected.model.keys()].sort())
    expect(metadata).toMatchObject({ format: 'onnx-finetune-checkpoint-1', library: version })
    const other = statefulRun().model
    expect(other.loadStateDict(model).missingKeys).toEqual([])
  })

  it('are not written over by another run', async () => {
    const directory = await aborted()
    const run = endOf(statefulRun(), { checkpoint: { directory } })
    await expect(run).rejects.toThrow(ArgumentError)
    await expect(run).rejects.toThrow('has checkpoints of another run: go on with it by resume: true')
  })
})

describe('another run than that of the checkpoint', () => {
  const adam: Setup = { make: (model) => new optim.Adam(model.parameters(), { lr: 0.1 }) }
  const split: Setup = {
    make: (model) => {
      const [first, ...rest] = model.parameters()
      return new optim.SGD([{ params: [first!] }, { params: rest }], { lr: 0.1, momentum: 0.9 })
    },
  }
  const frozen: Setup = {
    make: (model) => {
      for (const [name, parameter] of model.namedParameters()) parameter.requiresGrad = !name.startsWith('0.')
      return new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
    },
  }
  it.each<[string, Setup, typeof ArgumentError | typeof StateDictError, string]>([
    [
      'classes',
      { classes: 3, samples: 21 },
      StateDictError,
      '7.weight is float32 [2, 100] in the checkpoint, float32 [3, 100] in the model',
    ],
    ['samples', { samples: 30 }, ArgumentError, 'samples of the train loader: 22 in the checkpoint, 30 now'],
    ['batches', { batchSize: 5 }, ArgumentError, 'batchSize of the train loader: 4 in the checkpoint, 5 now'],
    ['optimizer', adam, ArgumentError, 'optimizer: SGD in the checkpoint, Adam now'],
    ['groups', split, ArgumentError, 'parameters in the groups: 8 in the checkpoint, 1, 7 now'],
    ['frozen parameters', frozen, ArgumentError, '0.weight was trained and is frozen now, like 1 others'],
    ['loaders', { validate: false }, ArgumentError, 'a val loader was there and is missing now'],
  ])('is refused, and stays as it is: other %s', async (_, setup, errorClass, message) => {
    const directory = await aborted()
    const other = statefulRun(setup)
    const before = [
      other.model.stateDict(),
      other.options.optimizer.stateDict(),
      other.options.generator.state(),
    ]
    const run = endOf(other, { checkpoint: { directory }, resume: true })
    await expect(run).rejects.toThrow(errorClass)
    await expect(run).rejects.toThrow(message)
    expect([
      other.model.stateDict(),
      other.options.optimizer.stateDict(),
      other.options.generator.state(),
    ]).toEqual(before)
  })

  it('names the scheduler, and too few epochs', async () => {
    const checkpoint = { directory: await aborted() }
    const { model, options } = statefulRun()
    const scheduler = new optim.StepLR(options.optimizer, { stepSize: 1 })
    const other = endOf({ model, options }, { checkpoint, resume: true, scheduler })
    await expect(other).rejects.toThrow('scheduler: ReduceLROnPlateau in the checkpoint, StepLR now')
    const short = endOf(statefulRun(), { checkpoint, resume: true, numEpochs: 2 })
    await expect(short).rejects.toThrow(
      'has 2 epochs and part of the next, more than numEpochs: 2. Give at least 3',
    )
  })
})

describe('wrong options', () => {
  const directory = 'never-made'
  const batches = { length: 1, [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error()) }) }
  it.each<[Partial<TrainModelOptions>, string]>([
    [{ resume: true }, 'resume: true needs checkpoint: { directory }'],
    [{ checkpoint: { directory: '' } }, "must be a folder's path"],
    [{ checkpoint: { directory, everySteps: 0 } }, 'checkpoint.everySteps must be an integer ≥ 1, not 0'],
    [{ checkpoint: { directory, everyEpochs: 1.5 } }, 'checkpoint.everyEpochs'],
    [{ checkpoint: { directory, keepLast: 0 } }, 'checkpoint.keepLast'],
    [{ checkpoint: { directory, keepBest: -1 } }, 'checkpoint.keepBest must be an integer ≥ 0'],
    [
      { checkpoint: { directory }, scheduler: { step: () => undefined } },
      'give it stateDict() and loadStateDict(state)',
    ],
    [
      { checkpoint: { directory }, dataloaders: { train: batches } },
      "the train loader can't be resumed: give a DataLoader",
    ],
  ])('are named: %o', async (options, message) => {
    const run = endOf(statefulRun(), options)
    await expect(run).rejects.toThrow(ArgumentError)
    await expect(run).rejects.toThrow(message)
  })

  it('are named: a folder without checkpoints', async () => {
    const empty = await temporaryFolder()
    await expect(endOf(statefulRun(), { resume: empty })).rejects.toThrow(
      `there is no checkpoint to resume from in ${empty}`,
    )
  })
})
