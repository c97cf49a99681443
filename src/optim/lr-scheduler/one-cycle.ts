/** Shapes of the way between two levels. */
export type Anneal = 'cos' | 'linear'

type Level = 'initial' | 'max' | 'min'

/** A stretch of the cycle, from one level to another. */
export interface Phase {
  readonly endStep: number
  readonly from: Level
  readonly to: Level
}

/** Up and down, or in three phases up, back and further down. */
export function phasesOf(totalSteps: number, pctStart: number, threePhase: boolean): Phase[] {
  const up: Phase = { endStep: pctStart * totalSteps - 1, from: 'initial', to: 'max' }
  if (!threePhase) return [up, { endStep: totalSteps - 1, from: 'max', to: 'min' }]
  const back: Phase = { endStep: 2 * pctStart * totalSteps - 2, from: 'max', to: 'initial' }
  return [up, back, { endStep: totalSteps - 1, from: 'initial', to: 'min' }]
}

/** The value at `step` of a cycle over `phases`. */
export function cycle(
  phases: readonly Phase[],
  step: number,
  levels: Readonly<Record<Level, number>>,
  anneal: Anneal,
): number {
  const found = phases.findIndex(({ endStep }) => step <= endStep)
  const index = found < 0 ? phases.length - 1 : found
  const { endStep, from, to } = phases[index]!
  const startStep = phases[index - 1]?.endStep ?? 0
  // A phase of no length (few steps, PyTorch divides by zero) is over as it starts.
  const progress = endStep === startStep ? 1 : (step - startStep) / (endStep - startStep)
  const [start, end] = [levels[from], levels[to]]
  if (anneal === 'linear') return (end - start) * progress + start
  return end + ((start - end) / 2) * (Math.cos(Math.PI * progress) + 1)
}
