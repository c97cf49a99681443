import { describe, test } from 'vitest'

import type { Value } from '../../src/graph/graph.ts'
import { batchNorm, batchNormOps } from '../../src/ops/batch-norm.ts'
import { layerNorm, layerNormOps } from '../../src/ops/layer-norm.ts'
import { casesOf, check, type Case } from './conv-cases.ts'

function build({ op, options }: Case, [x, scale, bias, runningMean, runningVar]: Value[]): Value {
  if (op === 'layerNorm') return layerNorm(x!, scale!, bias)
  const { training } = options as unknown as { training: boolean }
  return batchNorm(x!, scale!, bias!, { training, runningMean: runningMean!, runningVar: runningVar! }).y
}

describe('normalisations have the outputs and gradients of PyTorch', () => {
  test.each(casesOf('norm'))('$name', async (entry) => {
    await check(entry, build, [...batchNormOps, ...layerNormOps])
  })
})
