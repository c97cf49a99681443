import { describe, test } from 'vitest'

import { averagePool, globalAveragePool, maxPool, poolOps } from '../../src/ops/pool.ts'
import { lowerings } from '../support/device.ts'
import { casesOf, check, type Case } from './conv-cases.ts'
import type { Value } from '../../src/graph/graph.ts'

function build({ op, options }: Case, [x]: Value[]): Value {
  const { kernel, ...rest } = options as { kernel?: number }
  if (op === 'globalAveragePool') return globalAveragePool(x!)
  return (op === 'maxPool' ? maxPool : averagePool)(x!, kernel!, rest)
}

describe.each(lowerings)('pools have the outputs and gradients of PyTorch, lowered for %s', (device) => {
  test.each(casesOf('pool'))('$name', async (entry) => {
    await check(entry, build, poolOps, device)
  })
})
