import { expect, it } from 'vitest'

import { exampleTimeout, numbersAfter, runExample } from './run-example.ts'

it(
  'trains a head made of layers and one with a forward pass of its own, and nothing else',
  async () => {
    const { output } = await runExample('custom-head')
    expect(output).toContain('head (layers) trained fc.0.weight, fc.0.bias, fc.3.weight, fc.3.bias\n')
    expect(output).toContain(
      'head (own forward) trained fc.hidden.weight, fc.hidden.bias, fc.classify.weight, fc.classify.bias\n',
    )
    // Guessing gives 0.5, with a standard deviation of 0.065 among 60 pictures.
    const accuracies = numbersAfter('\\) accuracy', output)
    expect(accuracies).toHaveLength(2)
    expect(Math.min(...accuracies)).toBeGreaterThan(0.8)
  },
  exampleTimeout,
)
