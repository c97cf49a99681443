import { expect, it } from 'vitest'

import { isSlow, slowTitle } from '../support/slow.ts'
import { exampleTimeout, runExample } from './run-example.ts'

it.skipIf(!isSlow)(
  slowTitle('stops in the middle of an epoch, resumes, and ends as if it had not'),
  async () => {
    const { output } = await runExample('resume')
    const lines = output.trim().split('\n')
    const [, never] = /^without a stop: losses (.*)$/m.exec(output)!
    // Ten batches an epoch: 17 are done when it stops in the second.
    expect(lines).toContain('stopped: saved after 17 steps')
    expect(lines).toContain('resumed: goes on after 17 steps')
    expect(lines).toContain(`resumed: losses ${never!}`)
    expect(never!.split(' ')).toHaveLength(3)
    expect(lines.at(-1)).toMatch(/^\d+ tensors are the same, bit for bit$/)
  },
  exampleTimeout,
)
