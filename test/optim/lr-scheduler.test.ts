import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { ArgumentError, StateDictError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { CosineAnnealingLR } from '../../src/optim/lr-scheduler/cosine-annealing-lr.ts'
import { ExponentialLR } from '../../src/optim/lr-scheduler/exponential-lr.ts'
import { LinearLR } from '../../src/optim/lr-scheduler/linear-lr.ts'
import { MultiStepLR } from '../../src/optim/lr-scheduler/multi-step-lr.ts'
import { OneCycleLR } from '../../src/optim/lr-scheduler/one-cycle-lr.ts'
import { ReduceLROnPlateau } from '../../src/optim/lr-scheduler/reduce-lr-on-plateau.ts'
import type { HasParamGroups, LRScheduler, SchedulerGroup } from '../../src/optim/lr-scheduler/scheduler.ts'
import { SequentialLR } from '../../src/optim/lr-scheduler/sequential-lr.ts'
import { StepLR } from '../../src/optim/lr-scheduler/step-lr.ts'
import { SGD } from '../../src/optim/sgd.ts'

type Recipe = [name: string, options: Record<string, unknown>]

interface State {
  lr: number[]
  momentum: number[]
}

interface Case {
  kind: 'SGD' | 'Adam'
  groups: { lr: number }[]
  recipe: Recipe
  metrics: number[] | null
  byHand: [step: number, lr: number] | null
  answer: State[]
}

const file = new URL('../fixtures/lr-scheduler/cases.json', import.meta.url)
const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[]
const titled = cases.map((item, index) => [`${index}: ${JSON.stringify(item.recipe)}`, item] as const)

const classes: Record<string, new (optimizer: HasParamGroups, options: never) => LRScheduler> = {
  StepLR,
  MultiStepLR,
  ExponentialLR,
  LinearLR,
  CosineAnnealingLR,
  OneCycleLR,
  ReduceLROnPlateau,
  SequentialLR,
}

function build(optimizer: HasParamGroups, [name, options]: Recipe): LRScheduler {
  const schedulers = options.schedulers as Recipe[] | undefined
  const built = schedulers
    ? { ...options, schedulers: schedulers.map((inner) => build(optimizer, inner)) }
    : options
  return new classes[name]!(optimizer, built as never)
}

function optimizerOf({ kind, groups }: Pick<Case, 'kind' | 'groups'>): { paramGroups: SchedulerGroup[] } {
  return {
    paramGroups: groups.map(({ lr }) =>
      kind === 'SGD' ? { lr, momentum: 0.9 } : { lr, betas: [0.9, 0.999] },
    ),
  }
}

function stateOf({ paramGroups }: HasParamGroups): State {
  return {
    lr: paramGroups.map(({ lr }) => lr),
    momentum: paramGroups.map(({ momentum, betas }) => (betas ? betas[0] : momentum!)),
  }
}

function expectState(actual: State, expected: State, where: string): void {
  const compare = (a: number[], b: number[]): void => {
    expect(a, where).toHaveLength(b.length)
    a.forEach((value, index) => {
      // PyTorch's own recursion cancels down to rounding errors of the initial rate where a cosine touches zero.
      expect(Math.abs(value - b[index]!), `${where}: ${value} for ${b[index]!}`).toBeLessThanOrEqual(
        1e-12 * Math.abs(b[index]!) + 1e-17,
      )
    })
  }
  compare(actual.lr, expected.lr)
  compare(actual.momentum, expected.momentum)
}

/** Runs the steps [from, to) of a case, comparing each. */
function replay(
  item: Case,
  optimizer: HasParamGroups,
  scheduler: LRScheduler,
  from: number,
  to: number,
): void {
  for (let step = from; step < to; step++) {
    if (item.byHand?.[0] === step) optimizer.paramGroups[0]!.lr = item.byHand[1]
    scheduler.step(item.metrics?.[step])
    expectState(stateOf(optimizer), item.answer[step + 1]!, `after step ${step}`)
    expect(scheduler.getLastLr()).toEqual(stateOf(optimizer).lr)
  }
}

describe('every scheduler', () => {
  it.each(titled)('gives the learning rates of PyTorch, %s', (_, item) => {
    const optimizer = optimizerOf(item)
    const scheduler = build(optimizer, item.recipe)
    expectState(stateOf(optimizer), item.answer[0]!, 'at the start')
    expect(scheduler.getLastLr()).toEqual(item.answer[0]!.lr.map((lr) => expect.closeTo(lr, 12) as number))
    replay(item, optimizer, scheduler, 0, item.answer.length - 1)
  })

  it.each(titled)('goes on from any step through JSON, %s', (_, item) => {
    const steps = item.answer.length - 1
    for (let cut = 0; cut <= steps; cut++) {
      const first = optimizerOf(item)
      const before = build(first, item.recipe)
      replay(item, first, before, 0, cut)
      const saved = JSON.parse(JSON.stringify([first, before.stateDict()])) as [
        typeof first,
        Record<string, unknown>,
      ]

      const second = optimizerOf(item)
      const after = build(second, item.recipe)
      second.paramGroups.forEach((group, index) => Object.assign(group, saved[0].paramGroups[index]))
      after.loadStateDict(saved[1])
      expect(after.stateDict()).toEqual(before.stateDict())
      replay(item, second, after, cut, steps)
    }
  })

  it.each(titled)('keeps a state of its own, %s', (_, item) => {
    const scheduler = build(optimizerOf(item), item.recipe)
    const state = scheduler.stateDict()
    const copy = structuredClone(state)
    scheduler.step(1)
    expect(state).toEqual(copy)
  })
})

const two = (): HasParamGroups => optimizerOf({ kind: 'SGD', groups: [{ lr: 0.1 }, { lr: 0.01 }] })

describe('a scheduler', () => {
  it('acts on a real optimizer', () => {
    const parameter = { tensor: Tensor.zeros([1]), requiresGrad: true }
    const optimizer = new SGD([parameter], { lr: 0.1 })
    const scheduler = new StepLR(optimizer, { stepSize: 1 })
    scheduler.step()
    expect(optimizer.paramGroups[0]!.lr).toBeCloseTo(0.01, 12)
    expect(optimizer.paramGroups[0]!.initialLr).toBe(0.1)
  })

  it('starts from the learning rate that the first one found', () => {
    const optimizer = two()
    new LinearLR(optimizer, { startFactor: 0.5 })
    expect(optimizer.paramGroups.map(({ initialLr }) => initialLr)).toEqual([0.1, 0.01])
    expect(new CosineAnnealingLR(optimizer, { tMax: 4 }).getLastLr()).toEqual([0.05, 0.005])
  })

  it('goes on after lastEpoch where the groups know their start', () => {
    const optimizer = two()
    expect(() => new StepLR(optimizer, { stepSize: 4, lastEpoch: 3 })).toThrow(/group 0 has no initialLr/)
    for (const group of optimizer.paramGroups) group.initialLr = 1
    expect(new StepLR(optimizer, { stepSize: 4, lastEpoch: 3 }).getLastLr()).toEqual([
      expect.closeTo(0.01, 12),
      expect.closeTo(0.001, 12),
    ])
    expect(new CosineAnnealingLR(optimizer, { tMax: 4, lastEpoch: 1 }).getLastLr()).toEqual([
      expect.closeTo(0.5, 12),
      expect.closeTo(0.5, 12),
    ])
  })

  it('reaches the top at once in a cycle whose rise has no steps, where PyTorch divides by zero', () => {
    const optimizer = two()
    const scheduler = new OneCycleLR(optimizer, { maxLr: 1, totalSteps: 4, pctStart: 0.25 })
    expect(scheduler.getLastLr()).toEqual([1, 1])
  })

  it('stops at the end of its cycle', () => {
    const scheduler = new OneCycleLR(two(), { maxLr: 1, totalSteps: 3 })
    for (let step = 0; step < 3; step++) scheduler.step()
    expect(() => {
      scheduler.step()
    }).toThrow(/beyond the 3 steps/)
  })
})

describe('ReduceLROnPlateau', () => {
  it('counts NaN as no improvement', () => {
    const optimizer = two()
    const scheduler = new ReduceLROnPlateau(optimizer, { patience: 0 })
    scheduler.step(Number.NaN)
    expect(scheduler.getLastLr()).toEqual([expect.closeTo(0.01, 12), expect.closeTo(0.001, 12)])
  })

  it('needs a metric', () => {
    expect(() => {
      new ReduceLROnPlateau(two()).step()
    }).toThrow(ArgumentError)
  })
})

describe('wrong options', () => {
  const otherStep = (): StepLR => new StepLR(two(), { stepSize: 1 })
  it.each<[string, () => unknown, RegExp]>([
    ['stepSize 0', () => new StepLR(two(), { stepSize: 0 }), /stepSize is 0, but must be an integer ≥ 1/],
    ['gamma NaN', () => new StepLR(two(), { stepSize: 1, gamma: Number.NaN }), /gamma/],
    ['lastEpoch -2', () => new StepLR(two(), { stepSize: 1, lastEpoch: -2 }), /lastEpoch/],
    ['a fractional milestone', () => new MultiStepLR(two(), { milestones: [1.5] }), /milestone/],
    ['a negative gamma', () => new ExponentialLR(two(), { gamma: -1 }), /gamma/],
    ['startFactor 0', () => new LinearLR(two(), { startFactor: 0 }), /startFactor/],
    ['endFactor 2', () => new LinearLR(two(), { endFactor: 2 }), /endFactor/],
    ['totalIters 0', () => new LinearLR(two(), { totalIters: 0 }), /totalIters/],
    ['tMax 0', () => new CosineAnnealingLR(two(), { tMax: 0 }), /tMax/],
    ['etaMin -1', () => new CosineAnnealingLR(two(), { tMax: 1, etaMin: -1 }), /etaMin/],
    ['no length of the cycle', () => new OneCycleLR(two(), { maxLr: 1, epochs: 3 }), /totalSteps, or epochs/],
    ['totalSteps 0', () => new OneCycleLR(two(), { maxLr: 1, totalSteps: 0 }), /totalSteps/],
    [
      'maxLr for three groups',
      () => new OneCycleLR(two(), { maxLr: [1, 2, 3], totalSteps: 9 }),
      /3 values for 2 groups/,
    ],
    ['maxLr NaN', () => new OneCycleLR(two(), { maxLr: Number.NaN, totalSteps: 9 }), /maxLr/],
    ['pctStart 2', () => new OneCycleLR(two(), { maxLr: 1, totalSteps: 9, pctStart: 2 }), /pctStart/],
    ['divFactor 0', () => new OneCycleLR(two(), { maxLr: 1, totalSteps: 9, divFactor: 0 }), /divFactor/],
    [
      'another annealing',
      () => new OneCycleLR(two(), { maxLr: 1, totalSteps: 9, annealStrategy: 'exp' as 'cos' }),
      /'cos' or 'linear'/,
    ],
    [
      'no momentum to cycle',
      () => new OneCycleLR({ paramGroups: [{ lr: 1 }] }, { maxLr: 1, totalSteps: 9 }),
      /cycleMomentum/,
    ],
    ['factor 1', () => new ReduceLROnPlateau(two(), { factor: 1 }), /factor/],
    ['another mode', () => new ReduceLROnPlateau(two(), { mode: 'best' as 'min' }), /'min' or 'max'/],
    [
      'minLr for one group of two',
      () => new ReduceLROnPlateau(two(), { minLr: [1] }),
      /1 values for 2 groups/,
    ],
    ['patience -1', () => new ReduceLROnPlateau(two(), { patience: -1 }), /patience/],
    ['no schedulers', () => new SequentialLR(two(), { schedulers: [], milestones: [] }), /at least one/],
    [
      'a scheduler of another optimizer',
      () => new SequentialLR(two(), { schedulers: [otherStep()], milestones: [] }),
      /another optimizer/,
    ],
  ])('%s', (_, action, message) => {
    expect(action).toThrow(ArgumentError)
    expect(action).toThrow(message)
  })

  it('of SequentialLR: milestones that are too few or fall, and schedulers that cannot take turns', () => {
    const optimizer = two()
    const schedulers = [1, 2, 3].map((stepSize) => new StepLR(optimizer, { stepSize }))
    const build = (milestones: number[]) => () => new SequentialLR(optimizer, { schedulers, milestones })
    expect(build([1])).toThrow(/3 schedulers need 2 milestones/)
    expect(build([3, 3])).toThrow(/milestone 1 is 3, but must be an integer ≥ 4/)
    const plateau = new ReduceLROnPlateau(optimizer) as unknown as StepLR
    expect(() => new SequentialLR(optimizer, { schedulers: [plateau], milestones: [] })).toThrow(
      /can't take turns/,
    )
  })
})

describe('a wrong state', () => {
  it('of another scheduler is refused with its keys', () => {
    const state = new ExponentialLR(two(), { gamma: 0.9 }).stateDict()
    const load = (): void => {
      new StepLR(two(), { stepSize: 3 }).loadStateDict(state)
    }
    expect(load).toThrow(StateDictError)
    expect(load).toThrow(/StepLR: missing: stepSize/)
  })

  it('for other groups is refused, and leaves the scheduler as it was', () => {
    const one = optimizerOf({ kind: 'SGD', groups: [{ lr: 1 }] })
    const scheduler = new StepLR(two(), { stepSize: 3 })
    const before = scheduler.stateDict()
    expect(() => {
      scheduler.loadStateDict(new StepLR(one, { stepSize: 3 }).stateDict())
    }).toThrow(/number of groups: baseLrs, lastLr/)
    expect(() => {
      scheduler.loadStateDict({ ...before, lastEpoch: '3' })
    }).toThrow(/lastEpoch/)
    expect(scheduler.stateDict()).toEqual(before)
  })

  it('of another scheduler inside of SequentialLR is refused', () => {
    const sequence = (kind: 'step' | 'exponential'): SequentialLR => {
      const optimizer = two()
      const inner =
        kind === 'step' ? new StepLR(optimizer, { stepSize: 2 }) : new ExponentialLR(optimizer, { gamma: 1 })
      return new SequentialLR(optimizer, { schedulers: [inner], milestones: [] })
    }
    expect(() => {
      sequence('step').loadStateDict(sequence('exponential').stateDict())
    }).toThrow(/StepLR in SequentialLR/)
  })
})
