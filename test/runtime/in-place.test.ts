import { expect, it } from 'vitest'

import { Generator } from '../../src/core/generator.ts'
import * as nn from '../../src/nn/nn.ts'
import * as optim from '../../src/optim/optim.ts'
import { buildTraining } from '../../src/runtime/training-graph.ts'

const momentum = { lr: 0.1, momentum: 0.9 }

it.each([
  ['SGD', (model: nn.Module) => new optim.SGD(model.parameters(), momentum), ['momentum_buffer']],
  [
    'SGD, Nesterov',
    (model: nn.Module) => new optim.SGD(model.parameters(), { ...momentum, nesterov: true }),
    ['momentum_buffer'],
  ],
  [
    'AdamW',
    (model: nn.Module) => new optim.AdamW(model.parameters(), { lr: 0.1 }),
    ['exp_avg', 'exp_avg_sq'],
  ],
])(
  '%s: a step writes all of the optimizer’s state, and nothing else, over the old one',
  async (_, make, slots) => {
    const model = new nn.Sequential(new nn.Linear(4, 3, { generator: new Generator(0) }), new nn.Linear(3, 2))
    const plan = await buildTraining(model, [4], new nn.CrossEntropyLoss(), make(model), 'cpu')
    const names = [...model.namedParameters()].flatMap(([name]) => slots.map((slot) => `${slot}:${name}`))
    expect([...plan.program.inPlace!].sort()).toEqual(names.sort())
  },
)
