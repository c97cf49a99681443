import { expect, it } from 'vitest'

import { isSlow, slowTitle } from '../support/slow.ts'
import { exampleTimeout, numbersAfter, runExample } from './run-example.ts'

it.skipIf(!isSlow)(
  slowTitle('learns, stops three epochs after the best one, and goes back to it'),
  async () => {
    const { output } = await runExample('training-loop')
    const losses = numbersAfter('val loss', output)
    const bestEpoch = losses.indexOf(Math.min(...losses)) + 1
    const [best] = numbersAfter('best: epoch \\d+, accuracy', output)
    expect(numbersAfter('best: epoch', output)).toEqual([bestEpoch])
    expect(losses).toHaveLength(Math.min(bestEpoch + 3, 12))
    // Guessing gives 0.5, with a standard deviation of 0.065 among 60 pictures.
    expect(best).toBeGreaterThan(0.8)
    expect(numbersAfter('restored: accuracy', output)).toEqual([best])
  },
  exampleTimeout,
)
