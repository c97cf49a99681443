import { pytorch } from '../contenders.ts'
import type { Contender } from '../contender.ts'
import type { EpochRequest, Strategy } from '../protocol.ts'
import type { Case } from './case.ts'

const batch = 4

/** Milliseconds a picture and worker, from file to tensor. */
function loaderCase(workers: number, target?: number): Case {
  const repeats = { warmUp: 8 + 8 * workers, seconds: 3, least: 20, most: 400 }
  return {
    name: `loader-${workers}`,
    title: `loader, a picture and worker, ${['in process', '1 worker'][workers] ?? `${workers} workers`}`,
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

const epochTitles: Record<Strategy, string> = {
  finetune: 'epoch of the tutorial, fine-tuning',
  frozen: 'epoch of the tutorial, frozen',
  head: 'head epoch, cached features (PyTorch: frozen)',
}

const best = new Map<string, Promise<number>>()

function epochRequest(strategy: Strategy, workers: number, most: number, warmUp = 6): EpochRequest {
  return { case: 'epoch', strategy, batch, workers, warmUp, most }
}

/** The number of workers with which a contender's frozen epoch, where the loader weighs most, goes fastest. */
function bestWorkers(contender: Contender): Promise<number> {
  const found = best.get(contender.name) ?? tryWorkers(contender)
  best.set(contender.name, found)
  return found
}

async function tryWorkers(contender: Contender): Promise<number> {
  const trials: { workers: number; seconds: number }[] = []
  for (const workers of [0, 1, 2]) {
    const { times } = await contender.ask(epochRequest('frozen', workers, trialBatches, 3))
    trials.push({ workers, seconds: times?.[0] ?? Infinity })
  }
  return trials.sort((a, b) => a.seconds - b.seconds)[0]!.workers
}

/** An epoch with the number of workers that suits the contender best, found by short trials at its first epoch. */
function epochCase(strategy: Strategy, target: number): Case {
  return {
    name: strategy === 'head' ? 'head-epoch' : `epoch-${strategy}`,
    title: epochTitles[strategy],
    unit: 's',
    contenders: ['ours', ...pytorch],
    target,
    mostRounds: 3,
    async measure(contender) {
      // Cached features need no workers, and what caches them is told apart.
      const isCached = strategy === 'head' && contender.name === 'ours'
      const workers = isCached ? 2 : await bestWorkers(contender)
      const { times, numbers, absent } = await contender.ask(
        epochRequest(strategy, workers, Number.MAX_SAFE_INTEGER),
      )
      return times ? { value: times[0], details: { workers, ...numbers } } : { absent }
    },
  }
}

export const pipelineCases: readonly Case[] = [
  loaderCase(0),
  loaderCase(1, 1),
  loaderCase(2, 1),
  epochCase('finetune', 0.85),
  epochCase('frozen', 0.8),
  epochCase('head', 0.05),
]
