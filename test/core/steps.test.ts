import { expect, it } from 'vitest'

import { finish, finishInTurns, pauses, type Steps } from '../../src/core/steps.ts'

function* counting(to: number, work: () => void = () => undefined): Steps<number> {
  for (let count = 0; count < to; count++) {
    work()
    yield
  }
  return to
}

function busyFor(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

it('gives the same at once and in turns, with a pause after each step', async () => {
  let made = 0
  const pause = () => {
    made++
    return Promise.resolve()
  }
  expect(finish(counting(5))).toBe(5)
  expect(await finishInTurns(counting(5), pause)).toBe(5)
  expect(made).toBe(5)
})

it('takes a turn where some milliseconds have passed, and none where nothing was done', async () => {
  let turns = 0
  const pause = pauses(() => {
    turns++
    return Promise.resolve()
  })
  await finishInTurns(counting(20), pause)
  expect(turns).toBeLessThan(3)
  turns = 0
  await finishInTurns(
    counting(5, () => {
      busyFor(10)
    }),
    pause,
  )
  expect(turns).toBe(5)
})
