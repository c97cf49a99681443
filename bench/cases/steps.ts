import { pytorch } from '../contenders.ts'
import type { Network, Repeats, StepRequest, Work } from '../protocol.ts'
import { median } from '../median.ts'
import type { Case } from './case.ts'

const titles: Record<Work, string> = {
  finetune: 'fine-tuning step',
  frozen: 'frozen step',
  eval: 'evaluation',
  evalInTraining: 'evaluation between training steps',
}

/** How often a step of `batch` pictures is repeated: the first steps build sessions, and memory grows in them. */
export function repeatsOf(batch: number): Repeats {
  if (batch >= 32) return { warmUp: 2, seconds: 3, least: 2, most: 8 }
  if (batch >= 8) return { warmUp: 3, seconds: 3, least: 3, most: 12 }
  return { warmUp: 6, seconds: 2, least: 6, most: 20 }
}

export function stepRequest(
  work: Work,
  batch: number,
  options: { network?: Network; size?: number; repeats?: Repeats } = {},
): StepRequest {
  const { network = 'resnet18', size = 224, repeats = repeatsOf(batch) } = options
  return { case: 'step', network, work, batch, size, repeats }
}

/** Seconds of a step, the median of those that count. */
export function stepCase(
  name: string,
  title: string,
  request: StepRequest,
  more: Partial<Pick<Case, 'contenders' | 'target' | 'mostRounds'>> = {},
): Case {
  return {
    name,
    title,
    unit: 'ms',
    contenders: ['ours', ...pytorch],
    ...more,
    async measure(contender) {
      const { times, absent } = await contender.ask(request)
      return times ? { value: 1000 * median(times) } : { absent }
    },
  }
}

function ofResNet(work: Work, batch: number, target?: number): Case {
  const name = `${work === 'evalInTraining' ? 'eval-in-training' : work}-${batch}`
  const pictures = batch * (work === 'finetune' ? 4 : 1)
  const mostRounds = pictures >= 256 ? 2 : pictures >= 64 ? 3 : undefined
  return stepCase(name, `${titles[work]}, batch ${batch}`, stepRequest(work, batch), { target, mostRounds })
}

export const stepCases: readonly Case[] = [
  ofResNet('finetune', 1),
  ofResNet('finetune', 4, 0.85),
  ofResNet('finetune', 16, 0.85),
  ofResNet('finetune', 64),
  ofResNet('frozen', 1),
  ofResNet('frozen', 4, 0.85),
  ofResNet('frozen', 16),
  ofResNet('frozen', 64),
  ofResNet('eval', 1),
  ofResNet('eval', 4, 0.8),
  ofResNet('eval', 32, 0.8),
  ofResNet('evalInTraining', 4),
]
