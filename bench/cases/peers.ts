import { others, pytorch } from '../contenders.ts'
import type { Case } from './case.ts'
import { stepCase, stepRequest } from './steps.ts'

/** A step that every peer can finish in seconds: two residual blocks of 16 and 32 channels at 32 × 32, batch 4. */
const repeats = { warmUp: 1, seconds: 1, least: 1, most: 20 }

export const peerCases: readonly Case[] = [
  stepCase(
    'small',
    'step of a small residual net, 32 × 32, batch 4',
    stepRequest('finetune', 4, { network: 'small', size: 32, repeats }),
    {
      contenders: ['ours', ...pytorch, ...others],
      mostRounds: 2,
    },
  ),
]
