import { describe, expect, it } from 'vitest'

import { AbortError, optim, type TrainEvent } from '../../src/index.ts'
import { abortAt, endOf, statefulRun, temporaryFolder, type Setup } from './checkpoint-support.ts'

const optimizers: [string, Setup][] = [
  ['SGD', {}],
  ['Adam', { make: (model) => new optim.Adam(model.parameters(), { lr: 0.01, amsgrad: true }) }],
  ['AdamW', { make: (model) => new optim.AdamW(model.parameters(), { lr: 0.01 }) }],
  ['SGD without validation', { validate: false }],
]

const isMoment = ({ type }: TrainEvent) => ['batch', 'phase', 'epoch'].includes(type)

/** Events after which a run can be stopped: each batch, phase and epoch before the last batch. */
function momentsOf(events: readonly TrainEvent[]): number {
  return events.filter(isMoment).findLastIndex(({ type }) => type === 'batch')
}

describe('a run that is aborted and resumed', () => {
  it.each(optimizers)('ends as one that never stopped, wherever it stopped: %s', async (_, setup) => {
    const { end, events } = await endOf(statefulRun(setup))
    // Optimizers differ in what they keep, not in when.
    const stride = setup.make ? 8 : 3
    for (let moment = 1; moment <= momentsOf(events); moment += stride) {
      const directory = await temporaryFolder()
      let seen = 0
      const stop = abortAt((event) => isMoment(event) && ++seen === moment)
      const first = endOf(statefulRun(setup), { checkpoint: { directory }, ...stop })
      await expect(first, `stopped at ${moment}`).rejects.toThrow(AbortError)
      const resumed = await endOf(statefulRun(setup), { checkpoint: { directory }, resume: true })
      expect(resumed.end, `resumed from ${moment}`).toEqual(end)
      expect(momentsOf(resumed.events)).toBeLessThan(momentsOf(events))
    }
  })

  it('may be aborted after every training batch', async () => {
    const { end } = await endOf(statefulRun())
    const checkpoint = { directory: await temporaryFolder() }
    for (let step = 1; step <= 4 * 6; step++) {
      const stop = abortAt((event) => event.type === 'batch' && event.phase === 'train')
      const run = endOf(statefulRun(), { checkpoint, resume: true, ...stop })
      await expect(run, `step ${step}`).rejects.toThrow(AbortError)
    }
    expect((await endOf(statefulRun(), { checkpoint, resume: true })).end).toEqual(end)
  })
})
