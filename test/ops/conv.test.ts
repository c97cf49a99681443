import { describe, test } from 'vitest'

import { convGradientOps } from '../../src/ops/conv-gradients.ts'
import { convTranspose, convTransposeOps } from '../../src/ops/conv-transpose.ts'
import { conv, convOps } from '../../src/ops/conv.ts'
import { lowerings } from '../support/device.ts'
import { casesOf, check } from './conv-cases.ts'

const definitions = [...convOps, ...convTransposeOps, ...convGradientOps]

describe.each(lowerings)(
  'convolutions have the outputs and gradients of PyTorch, lowered for %s',
  (device) => {
    test.each(casesOf('conv'))('$name', async (entry) => {
      await check(
        entry,
        ({ op, options }, [x, w, b]) => (op === 'conv' ? conv : convTranspose)(x!, w!, b, options),
        definitions,
        device,
      )
    })
  },
)
