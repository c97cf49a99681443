import type * as promises from 'node:fs/promises'
import { readdir } from 'node:fs/promises'

import { expect, it, vi } from 'vitest'

import { AbortError, FileSystemError, type TrainEvent } from '../../src/index.ts'
import { abortAt, endOf, statefulRun, temporaryFolder } from './checkpoint-support.ts'

type Promises = typeof promises

/** Files for which there is no space. */
let tooMuch = /^$/

// A disk that takes a part of such a file, and then is full.
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<Promises>()
  const open: Promises['open'] = async (...args) => {
    const file = await original.open(...args)
    const write = file.writeFile.bind(file)
    file.writeFile = async (data) => {
      if (!tooMuch.test(String(args[0]))) return write(data)
      await write('a part')
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    }
    return file
  }
  return { ...original, open }
})

it('a full disk is told, training goes on, and checkpoints go on when there is space', async () => {
  const { end } = await endOf(statefulRun())
  const directory = await temporaryFolder()
  tooMuch = /step-(?:6|12)\./
  const full = await endOf(statefulRun(), { checkpoint: { directory } })
  expect(full.end).toEqual(end)
  const told = full.events.filter(({ type }) => type === 'checkpoint' || type === 'warning')
  expect(told.map(({ type }) => type)).toEqual(['warning', 'warning', 'checkpoint', 'checkpoint'])
  const [warning] = told
  expect(warning).toMatchObject({ error: expect.any(FileSystemError) as unknown })
  expect(warning).toMatchObject({
    message: expect.stringMatching(
      /^training goes on without the checkpoint of step 6: can't write .*: the disk is full/,
    ) as unknown,
  })
  expect(await readdir(directory)).toEqual([
    'checkpoint-000001-epoch-3-step-18.safetensors',
    'checkpoint-000002-epoch-4-step-24.safetensors',
    'manifest.json',
  ])
})

it('a run that is aborted on a full disk says that its last steps are not saved', async () => {
  const directory = await temporaryFolder()
  const stop = abortAt((event) => event.type === 'batch' && event.epoch === 1)
  const events: TrainEvent[] = []
  const note = (event: TrainEvent) => void events.push(event)
  const callbacks = [...stop.callbacks, note]
  tooMuch = /step-7\./
  const run = endOf(statefulRun(), { checkpoint: { directory }, signal: stop.signal, callbacks })
  await expect(run).rejects.toThrow(AbortError)
  expect(events.at(-1)).toMatchObject({ type: 'warning' })
  expect((await readdir(directory)).filter((name) => !name.startsWith('manifest'))).toEqual([
    'checkpoint-000001-epoch-1-step-6.safetensors',
  ])
})
