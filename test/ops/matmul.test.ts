import { describe, test } from 'vitest'

import { gemm, linear, matMul, matmulOps } from '../../src/ops/matmul.ts'
import { casesOf, check } from './conv-cases.ts'

describe('products of matrices have the outputs and gradients of PyTorch', () => {
  test.each(casesOf('matmul'))('$name', async (entry) => {
    await check(
      entry,
      ({ op, options }, [a, b, c]) =>
        op === 'gemm' ? gemm(a!, b!, c, options) : op === 'linear' ? linear(a!, b!, c) : matMul(a!, b!),
      matmulOps,
    )
  })
})
