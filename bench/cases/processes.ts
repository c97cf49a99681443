import type { Contender } from '../contender.ts'
import { pytorch } from '../contenders.ts'
import type { Reply, Request, Work } from '../protocol.ts'
import type { Case, Measurement } from './case.ts'
import { stepRequest } from './steps.ts'

/** Asks a process that has done nothing yet. */
async function inFreshProcess(
  contender: Contender,
  request: Request,
  read: (reply: Reply, fresh: Contender) => Measurement,
): Promise<Measurement> {
  const fresh = contender.fresh()
  try {
    const reply = await fresh.ask(request)
    return reply.absent === undefined ? read(reply, fresh) : { absent: reply.absent }
  } finally {
    fresh.stop()
  }
}

/** Most memory of a fresh process and its children, over a few steps. */
function memoryCase(work: Work, batch: number, target?: number): Case {
  const least = batch >= 32 ? 3 : 6
  const request = stepRequest(work, batch, { repeats: { warmUp: 0, seconds: 0, least, most: least } })
  return {
    name: `memory-${work}-${batch}`,
    title: `peak memory, ${work === 'finetune' ? 'fine-tuning' : work}, batch ${batch}`,
    unit: 'MB',
    contenders: ['ours', ...pytorch],
    target,
    mostRounds: batch >= 16 ? 1 : 2,
    measure: (contender) =>
      inFreshProcess(contender, request, (_, fresh) => {
        const bytes = fresh.peakBytes()
        return bytes === undefined ? { absent: 'there is no /proc to read it from' } : { value: bytes / 1e6 }
      }),
  }
}

/** From the start of a process to its first finished step, with the weights read from their file. */
const startCase: Case = {
  name: 'start',
  title: 'start of the process to its first step, batch 4',
  unit: 's',
  contenders: ['ours', ...pytorch],
  async measure(contender) {
    const began = Date.now() / 1000
    return inFreshProcess(contender, { case: 'start', batch: 4 }, ({ numbers = {} }) => {
      const { firstStepAt = NaN, ...details } = numbers
      return { value: firstStepAt - began, details }
    })
  },
}

export const processCases: readonly Case[] = [
  memoryCase('finetune', 4, 1),
  memoryCase('finetune', 16, 1),
  memoryCase('finetune', 64, 1),
  memoryCase('frozen', 4),
  memoryCase('eval', 4),
  startCase,
]
