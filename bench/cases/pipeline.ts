import { pytorch } from '../contenders.ts'
import type { Contender } from '../contender.ts'
import type { EpochRequest, Strategy } from '../protocol.ts'
import { median } from '../median.ts'
import type { Case } from './case.ts'

const batch = 4

/** Milliseconds a picture and worker, from file to tensor. */
function loaderCase(workers: number, target?: number): Case {
  const repeats = { warmUp: 8 + 8 * workers, seconds: 3, least: 20, most: 400 }
  return {
    name: `loader-${workers}`,
    title: `loader, a picture and worker, ${workers === 0 ? 'in process' : `${workers} workers`}`,
    unit: 'ms',
    contenders: ['ours', ...pytorch],
    target,
    async measure(contender) {
      const { times, absent } = await contender.ask({ case: 'load', workers, batch, repeats })
      if (!times) return { absent }
      // The mean: with workers, most batches are waiting already and some are waited for.
      const seconds = times.reduce((sum, time) => sum + time, 0) / (times.length * batch)
      return { value: 1000 * seconds * Math.max(workers, 1), details: { picturesPerSecond: 1 / seconds } }
    },
  }
}

const trialBatches = 16

/** An epoch with the number of workers that suits the contender best, found by short trials at its first turn. */
function epochCase(strategy: Strategy, target: number): Case {
  const request = (workers: number, most: number): EpochRequest => ({
    case: 'epoch',
    strategy,
    batch,
    workers,
    warmUp: 6,
    most,
  })
  const best = new Map<string, number>()
  const findBest = async (contender: Contender) => {
    const trials: { workers: number; seconds: number }[] = []
    for (const workers of [0, 1, 2]) {
      const { times } = await contender.ask(request(workers, trialBatches))
      trials.push({ workers, seconds: median(times ?? []) })
    }
    return trials.sort((a, b) => a.seconds - b.seconds)[0]!.workers
  }
  return {
    name: `epoch-${strategy}`,
    title: `epoch of the tutorial, ${strategy === 'frozen' ? 'frozen' : 'fine-tuning'}`,
    unit: 's',
    contenders: ['ours', ...pytorch],
    target,
    mostRounds: 3,
    async measure(contender) {
      const workers = best.get(contender.name) ?? (await findBest(contender))
      best.set(contender.name, workers)
      const { times, absent } = await contender.ask(request(workers, Number.MAX_SAFE_INTEGER))
      return times ? { value: times[0], details: { workers } } : { absent }
    },
  }
}

export const pipelineCases: readonly Case[] = [
  loaderCase(0),
  loaderCase(1, 1),
  loaderCase(2, 1),
  epochCase('finetune', 0.85),
  epochCase('frozen', 0.8),
]
