import { expect, it } from 'vitest'

import { isSlow, slowTitle } from '../support/slow.ts'
import { exampleTimeout, numbersAfter, runExample } from './run-example.ts'

it.skipIf(!isSlow)(
  slowTitle('trains a head on features that are computed once, and the model has it'),
  async () => {
    const { output } = await runExample('feature-cache', '--drawn', '--out')
    expect(output).toContain('features of 240 pictures (train)\nfeatures of 80 pictures (val)\nextraction ')
    expect(output).toMatch(/^epoch \d+\.\d ms \(the median of 10\)$/m)
    // Guessing gives 0.5, with a standard deviation of 0.056 among 80 pictures.
    const [best] = numbersAfter('best accuracy', output)
    expect(best).toBeGreaterThan(0.85)
    expect(numbersAfter("whole model's accuracy", output)).toEqual([best])
  },
  exampleTimeout,
)
